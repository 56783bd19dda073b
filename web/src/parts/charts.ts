// The parts of ECharts that the console uses, and no others.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { EChartsOption } from "echarts";

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

export function palette(theme: "light" | "dark"): EChartsOption {
  const ink = theme === "dark" ? "#a9b4c8" : "#55627a";
  return { textStyle: { color: ink, fontFamily: "inherit" }, legend: { textStyle: { color: ink } } };
}

export { echarts };
export type { EChartsOption };
