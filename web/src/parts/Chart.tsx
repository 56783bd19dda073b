// A chart by ECharts, loaded when the first one is shown. The text beside it says the same.
import { useEffect, useRef } from "react";
import type { EChartsOption } from "./charts";
import { useTheme } from "../shell/theme";

export default function Chart({ option, height = 260, label }: { option: EChartsOption; height?: number; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    let gone = false;
    let dispose = () => {};
    void import("./charts").then(({ echarts, palette }) => {
      if (gone || !box.current) return;
      const chart = echarts.init(box.current, palette(theme.name), { renderer: "svg" });
      chart.setOption({ animation: false, ...option });
      const watch = new ResizeObserver(() => chart.resize());
      watch.observe(box.current);
      dispose = () => {
        watch.disconnect();
        chart.dispose();
      };
    });
    return () => {
      gone = true;
      dispose();
    };
  }, [option, theme.name]);
  return <div ref={box} role="img" aria-label={label} style={{ height }} />;
}
