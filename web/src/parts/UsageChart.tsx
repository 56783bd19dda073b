// Use over time, stacked by tier, as plain SVG: the first page does without the chart library.
import { useEffect, useRef, useState } from "react";
import { useWords } from "../i18n";

export interface Layer {
  name: string;
  colour: string;
  percent: number[]; // of all devices, by step
}

const height = 240;
const [left, bottom, top] = [40, 24, 8];

export function UsageChart({ layers, times, label }: { layers: Layer[]; times: string[]; label: string }) {
  const { t } = useWords();
  const box = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const look = () => setWidth(Math.max(240, box.current?.clientWidth || 640));
    look();
    const watch = new ResizeObserver(look);
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const steps = times.length;
  const x = (i: number) => left + (i * (width - left)) / steps;
  const y = (percent: number) => top + ((100 - Math.min(100, percent)) * (height - top - bottom)) / 100;
  const below = Array.from({ length: steps }, () => 0);
  const areas = layers.map((layer) => {
    const base = [...below];
    layer.percent.forEach((value, i) => (below[i] = below[i]! + value));
    const upper = below.map((value, i) => `${x(i)},${y(value)} ${x(i + 1)},${y(value)}`);
    const lower = base.map((value, i) => `${x(i + 1)},${y(value)} ${x(i)},${y(value)}`).reverse();
    return { ...layer, points: [...upper, ...lower].join(" ") };
  });
  const places = width < 480 ? 3 : 6;
  const marks = Array.from({ length: places }, (_, n) => Math.min(steps - 1, Math.round((n * steps) / places)));
  return (
    <div className="stack" style={{ gap: 4 }}>
      <div className="legend">
        {layers.map((layer) => (
          <span key={layer.name}>
            <i style={{ background: layer.colour }} />
            {layer.name}
          </span>
        ))}
      </div>
      <svg ref={box} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} style={{ width: "100%", height }} preserveAspectRatio="none">
        {[0, 25, 50, 75, 100].map((percent) => (
          <g key={percent}>
            <line x1={left} x2={width} y1={y(percent)} y2={y(percent)} stroke="var(--line)" />
            <text x={left - 6} y={y(percent) + 4} textAnchor="end" fontSize="11" fill="var(--soft)">
              {percent}%
            </text>
          </g>
        ))}
        {areas.map((area) => (
          <polygon key={area.name} points={area.points} fill={area.colour} fillOpacity="0.8" />
        ))}
        {marks.map((i) => (
          <text key={i} x={x(i)} y={height - 6} fontSize="11" fill="var(--soft)">
            {times[i]}
          </text>
        ))}
        {times.map((time, i) => (
          <rect key={i} x={x(i)} y={top} width={(width - left) / steps} height={height - top - bottom} fill="transparent">
            <title>{`${time}\n${layers.map((layer) => `${layer.name} ${layer.percent[i]} %`).join("\n")}\n${t("total")} ${below[i]!.toFixed(1)} %`}</title>
          </rect>
        ))}
      </svg>
    </div>
  );
}
