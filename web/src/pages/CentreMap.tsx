// Every device of a pool on one screen.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Segmented, Select } from "../parts/antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router-dom";
import { get } from "../api/client";
import { usePools, useWhoami } from "../api/queries";
import type { MapView } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { count } from "../lib/units";
import { colourOf, draw, leaseColours, paints, type Colouring } from "../map/draw";
import { at, fits, gangs, gangSizes, layOut, type Room } from "../map/layout";
import { Card, Empty, Loaded, PageHead, Problem, StateTag, tierColours } from "../parts/basics";
import { useTheme } from "../shell/theme";

type Focus = { node: number; device: number } | null;

function Tip({ view, focus, x, y }: { view: MapView; focus: NonNullable<Focus>; x: number; y: number }) {
  const { t } = useWords();
  const name = useNames();
  const node = view.nodes[focus.node]!;
  const holder = node.holders[focus.device]!;
  const lease = holder > 1 ? view.leases[holder - 2]! : undefined;
  return (
    <div className="map-tip" style={{ left: Math.max(0, x + 14), top: y + 14 }} data-test="tip">
      <strong>{node.name}[{focus.device}]</strong> <span className="faint">R{node.rack}</span>
      {node.state !== "open" && <div>{name("state", node.state)}: {node.reason}</div>}
      <div>{lease ? <>{t("job")} {String(lease.job_id)} · {t("lease")} {String(lease.id)}<br />{lease.org} · {name("tier", lease.tier)}</> : t(holder === 1 ? "map.others" : "map.free")}</div>
      {node.used_milli.length > 0 && <div className="faint">{t("map.part", { n: (node.used_milli[focus.device] ?? 0) / 10 })}</div>}
    </div>
  );
}

function Canvas({ view, by }: { view: MapView; by: Colouring }) {
  const { t } = useWords();
  const theme = useTheme();
  const navigate = useNavigate();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [focus, setFocus] = useState<Focus>(null);
  const [mouse, setMouse] = useState({ x: 0, y: 0 });
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const layout = useMemo(() => layOut(view, Math.max(width, 200), Math.max(320, window.innerHeight - 250)), [view, width]);
  const colours = useMemo(() => leaseColours(view, by), [view, by]);
  const shown = focus && view.nodes[focus.node] ? focus : null;
  useEffect(() => {
    const element = canvas.current;
    if (!element || width === 0) return;
    const frame = requestAnimationFrame(() => {
      const began = performance.now();
      const scale = window.devicePixelRatio || 1;
      if (element.width !== Math.floor(width * scale) || element.height !== Math.floor(layout.height * scale)) {
        element.width = Math.floor(width * scale);
        element.height = Math.floor(layout.height * scale);
        element.style.height = `${layout.height}px`;
      }
      const context = element.getContext("2d");
      if (!context) return;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      draw(context, { view, layout, colours, paint: paints[theme.name], focus: shown }, width, layout.height);
      element.dataset["drawMs"] = (performance.now() - began).toFixed(2);
      element.dataset["frames"] = String(Number(element.dataset["frames"] ?? 0) + 1);
    });
    return () => cancelAnimationFrame(frame);
  }, [view, layout, colours, width, theme.name, shown]);
  const open = useCallback((target: Focus) => {
    const holder = target ? view.nodes[target.node]!.holders[target.device]! : 0;
    if (holder > 1) navigate(`/jobs/${view.leases[holder - 2]!.job_id}`);
  }, [view, navigate]);
  const step = (key: string): boolean => {
    if (key === "Enter") open(shown);
    else if (key === "Escape") setFocus(null);
    else if (key.startsWith("Arrow")) {
      const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: layout.columns, ArrowUp: -layout.columns }[key] ?? 0;
      const devices = view.nodes.flatMap((node, i) => node.holders.map((_, device) => ({ node: i, device })));
      const place = shown ? devices.findIndex((one) => one.node === shown.node && one.device === shown.device) : -by;
      const next = devices[Math.min(devices.length - 1, Math.max(0, place + by))];
      if (next) {
        const where = layout.places[next.node]!;
        setMouse({ x: where.x, y: where.y + where.height - 10 });
        setFocus(next);
      }
    } else return false;
    return true;
  };
  return (
    <div className="map-box" ref={box}>
      <canvas
        ref={canvas} tabIndex={0} role="img" aria-label={t("map.label", { nodes: view.nodes.length, devices: view.nodes.reduce((sum, node) => sum + node.holders.length, 0) })}
        onMouseMove={(event) => {
          const place = event.currentTarget.getBoundingClientRect();
          const point = { x: event.clientX - place.left, y: event.clientY - place.top };
          const found = at(layout, view, point.x, point.y);
          setMouse(point);
          setFocus((before) => (before?.node === found?.node && before?.device === found?.device ? before : found));
        }}
        onMouseLeave={() => setFocus(null)} onClick={() => open(shown)}
        onKeyDown={(event) => { if (step(event.key)) event.preventDefault(); }}
      />
      {shown && <Tip view={view} focus={shown} x={Math.min(mouse.x, width - 240)} y={mouse.y} />}
    </div>
  );
}

function Legend({ view, by }: { view: MapView; by: Colouring }) {
  const { t, locale } = useWords();
  const name = useNames();
  const theme = useTheme();
  const paint = paints[theme.name];
  const use = new Map<string, number>();
  let hidden = 0;
  let free = 0;
  for (const node of view.nodes) for (const holder of node.holders) {
    if (holder === 0) free += 1;
    else if (holder === 1) hidden += 1;
    else {
      const lease = view.leases[holder - 2]!;
      const key = by === "org" ? lease.org : by === "tier" ? lease.tier : "used";
      use.set(key, (use.get(key) ?? 0) + 1);
    }
  }
  const colour = (key: string) => (by === "org" ? colourOf(key) : by === "tier" ? tierColours[key] : "#2f9e78");
  return (
    <div className="legend" data-test="legend">
      {[...use].sort((a, b) => b[1] - a[1]).slice(0, 14).map(([key, n]) => (
        <span key={key}><i style={{ background: colour(key) }} />{by === "tier" ? name("tier", key) : by === "org" ? key : t("map.used")} {count(n, locale)}</span>
      ))}
      {hidden > 0 && <span><i style={{ background: paint.hidden }} />{t("map.others")} {count(hidden, locale)}</span>}
      <span><i style={{ background: paint.free }} />{t("map.free")} {count(free, locale)}</span>
      <span><i style={{ border: `2px solid ${paint.draining}` }} />{name("state", "draining")} {view.nodes.filter((node) => node.state === "draining").length}</span>
      <span><i style={{ border: `2px solid ${paint.down}` }} />{name("state", "down")} {view.nodes.filter((node) => node.state === "down").length}</span>
    </div>
  );
}

const rooms: Record<Room, Word> = { rack: "fits.rack", pool: "fits.poolroom", later: "fits.later", never: "fits.never" };

// Fragmentation as a picture: rows are devices of each task, columns how many tasks start together.
function Fits({ view }: { view: MapView }) {
  const { t, locale } = useWords();
  const list = fits(view);
  const tasks = gangSizes(list);
  return (
    <div className="stack">
      <div className="scroll-x" tabIndex={0}>
        <table className="gangs" data-test="fits">
          <thead>
            <tr><th>{t("fits.size")}</th><th className="right">{t("fits.pool")}</th><th className="right">{t("fits.rack.most")}</th>{tasks.map((n) => <th key={n}>{t("fits.tasks", { n: count(n, locale) })}</th>)}</tr>
          </thead>
          <tbody>
            {list.map((fit) => (
              <tr key={fit.devices}>
                <th>{t("fits.each", { n: fit.devices })}</th><td className="right num">{count(fit.pool, locale)}</td><td className="right num">{count(fit.rack, locale)}</td>
                {gangs(fit, tasks).map((room, i) => (
                  <td key={tasks[i]} data-room={room} title={t("fits.cell", { tasks: tasks[i]!, devices: fit.devices, room: t(rooms[room]) })}>
                    {room === "never" ? "–" : count(tasks[i]! * fit.devices, locale)}
                    <span className="hidden-text">{t(rooms[room])}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="legend">
        {(["rack", "pool", "later"] as const).map((room) => <span key={room}><i className="gang-key" data-room={room} />{t(rooms[room])}</span>)}
      </div>
      <p className="faint">{t("fits.what")}</p>
    </div>
  );
}

function Out({ view }: { view: MapView }) {
  const { t } = useWords();
  const out = view.nodes.filter((node) => node.state !== "open");
  if (out.length === 0) return <p className="soft">{t("incidents.none")}</p>;
  return (
    <table className="list">
      <tbody>{out.slice(0, 20).map((node) => <tr key={node.id}><td>{node.name}</td><td><StateTag state={node.state} /></td><td className="soft wrap">{node.reason}</td></tr>)}</tbody>
    </table>
  );
}

export default function CentreMap() {
  const { t } = useWords();
  const who = useWhoami().data!;
  const pools = usePools();
  const [search, setSearch] = useSearchParams();
  const [by, setBy] = useState<Colouring>("org");
  const largest = [...(pools.data ?? [])].sort((a, b) => Number(b.devices_milli) - Number(a.devices_milli))[0];
  const pool = search.get("pool") ?? largest?.name ?? "";
  const query = useQuery({ queryKey: ["map", pool], queryFn: ({ signal }) => get<MapView>("/v1/map", { pool }, signal), enabled: pool !== "", placeholderData: keepPreviousData });
  if (pools.error && !pools.data) return <><PageHead title={t("nav.map")} /><Card><Problem error={pools.error} retry={() => void pools.refetch()} /></Card></>;
  if (pools.data?.length === 0) return <><PageHead title={t("nav.map")} /><Card><Empty title={t("pools.none")} /></Card></>;
  return (
    <>
      <PageHead title={t("nav.map")}>
        <span className="grow" />
        <Segmented value={by} onChange={(value) => setBy(value as Colouring)} options={(["org", "tier", "health"] as const).map((one) => ({ value: one, label: t(`map.by.${one}`) }))} />
        <Select style={{ minWidth: 150 }} aria-label={t("pool")} value={pool || undefined} onChange={(value) => setSearch({ pool: value }, { replace: true })} options={(pools.data ?? []).map((one) => ({ value: one.name, label: one.name }))} />
      </PageHead>
      <Card>
        <Loaded query={query} lines={12}>{(view) => <div className="stack"><Legend view={view} by={by} /><Canvas view={view} by={by} /></div>}</Loaded>
      </Card>
      <div className="grid">
        <Card title={t("fits.title")} span={8} extra={<span className="faint">{t("fits.note")}</span>}><Loaded query={query}>{(view) => <Fits view={view} />}</Loaded></Card>
        <Card title={t("incidents")} span={4} extra={who.org === "" && <Link to="/operator?tab=nodes">{t("nodes")}</Link>}><Loaded query={query}>{(view) => <Out view={view} />}</Loaded></Card>
      </div>
    </>
  );
}
