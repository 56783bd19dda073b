// The parts of ECharts that the console uses, and no others.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { EChartsOption } from "echarts";

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

// A theme of ECharts: what a chart's own option does not say.
export function palette(theme: "light" | "dark"): object {
  const dark = theme === "dark";
  const ink = dark ? "#a9b4c8" : "#55627a";
  const line = dark ? "#2a3447" : "#dfe4ec";
  const axis = { axisLabel: { color: ink }, nameTextStyle: { color: ink }, axisLine: { lineStyle: { color: ink } }, splitLine: { lineStyle: { color: line } } };
  const card = { backgroundColor: dark ? "#171e2c" : "#ffffff", borderColor: line, textStyle: { color: dark ? "#e6ebf4" : "#16202e" } };
  return {
    color: dark ? ["#7fb0ff", "#6fd3a6", "#f0b85c", "#ff8f86", "#b79cff"] : ["#1554c0", "#2f9e78", "#d0841b", "#c9453c", "#7a52c7"],
    textStyle: { color: ink, fontFamily: "inherit" }, legend: { icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { color: ink } }, valueAxis: axis, categoryAxis: axis, timeAxis: axis, tooltip: card,
  };
}

export { echarts };
export type { EChartsOption };
