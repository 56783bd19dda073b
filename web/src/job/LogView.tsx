// A task's output, followed while it is written; taken up where it broke off. Text only: what a
// job prints is never markup here.
import { Button, Input, InputNumber, Segmented } from "../parts/antd";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { ApiError, pathWith, request } from "../api/client";
import type { Job } from "../api/types";
import { useWords } from "../i18n";
import { num } from "../lib/units";
import { Problem } from "../parts/basics";
import { Lines, readMetrics, readProgress, type Curves } from "./output";

const tail_bytes = 512 * 1024; // read at first; what is before it is downloaded
const piece_bytes = 1 << 20;
const line_px = 20;

export interface Told {
  curves: Curves;
  progress: { fraction: number; message: string } | null;
}

type Follow = { lines: Lines; state: "opening" | "following" | "lost" | "ended"; start: number; error: unknown };

// Follows one stream; `tell` gets what the job says about itself.
function useOutput(job: Job, stream: "out" | "err", task: number, attempt: number, tell: (told: Told) => void): Follow {
  const [follow, setFollow] = useState<Follow>({ lines: new Lines(), state: "opening", start: 0, error: null });
  const telling = useRef(tell);
  telling.current = tell;
  useEffect(() => {
    const path = `/v1/jobs/${job.id}/logs`;
    const query = { stream, task, attempt: attempt || undefined };
    const lines = new Lines();
    const told: Told = { curves: new Map(), progress: null };
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let offset = 0;
    let start = 0;
    let gone = false;
    const show = (state: Follow["state"], error: unknown = null) => !gone && setFollow({ lines, state, start, error });
    const take = (text: string) => {
      for (const line of lines.add(text)) {
        readMetrics(line, told.curves, lines.list.length + lines.dropped);
        told.progress = readProgress(line) ?? told.progress;
      }
      telling.current({ curves: new Map(told.curves), progress: told.progress });
    };
    const open = () => {
      source = new EventSource(pathWith(path, { ...query, offset, follow: true }));
      source.addEventListener("open", () => show("following"));
      source.addEventListener("log", (event) => {
        const piece = JSON.parse((event as MessageEvent<string>).data) as { next_offset: number; text: string };
        offset = piece.next_offset;
        take(piece.text);
        show("following");
      });
      source.addEventListener("end", () => {
        source?.close();
        show("ended");
      });
      source.onerror = () => {
        source?.close();
        show("lost");
        retry = setTimeout(open, 2_000);
      };
    };
    const begin = async () => {
      try {
        const head = await request(pathWith(path, { ...query, limit_bytes: 1 }));
        start = Math.max(0, Number(head.headers.get("X-Log-Size") ?? 0) - tail_bytes);
        offset = start;
        if (!gone) open();
      } catch (error) {
        if (gone) return;
        show("lost", error);
        if (error instanceof ApiError && error.lost) retry = setTimeout(() => void begin(), 2_000);
      }
    };
    show("opening");
    void begin();
    return () => {
      gone = true;
      clearTimeout(retry);
      source?.close();
    };
  }, [job.id, stream, task, attempt]);
  return follow;
}

// The line with what was sought marked.
function marked(line: string, sought: string): ReactNode {
  if (!sought) return line;
  const out: ReactNode[] = [];
  const low = line.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
    out.push(line.slice(from, at), <mark key={at}>{line.slice(at, at + sought.length)}</mark>);
    from = at + sought.length;
  }
  out.push(line.slice(from));
  return out;
}

async function download(job: Job, stream: string, task: number, attempt: number) {
  const parts: Blob[] = [];
  let offset = 0;
  for (;;) {
    const path = pathWith(`/v1/jobs/${job.id}/logs`, { stream, task, attempt: attempt || undefined, offset, limit_bytes: piece_bytes });
    const answer = await request(path);
    const part = await answer.blob();
    if (part.size === 0) break;
    parts.push(part);
    offset = Number(answer.headers.get("X-Log-Next"));
  }
  saveAs(new Blob(parts, { type: "text/plain" }), `job-${job.id}.${stream}.txt`);
}

export function saveAs(blob: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function LogView({ job, onTold }: { job: Job; onTold: (told: Told) => void }) {
  const { t, locale } = useWords();
  const [stream, setStream] = useState<"out" | "err">("out");
  const [task, setTask] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const [sought, setSought] = useState("");
  const [place, setPlace] = useState(0);
  const follow = useOutput(job, stream, task, attempt, onTold);
  const box = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  const [view, setView] = useState({ top: 0, height: 380 });
  const lines = follow.lines.all();
  const wanted = sought.toLowerCase();
  const count = lines.length;
  const hits = useMemo(() => {
    if (!wanted) return [];
    return follow.lines.all().flatMap((line, i) => (line.toLowerCase().includes(wanted) ? [i] : []));
  }, [wanted, count, follow.lines]);
  useEffect(() => {
    if (stick.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  const go = (to: number) => {
    const next = (to + hits.length) % Math.max(1, hits.length);
    setPlace(next);
    stick.current = false;
    if (box.current && hits[next] !== undefined) box.current.scrollTop = hits[next] * line_px - 120;
  };
  if (follow.error && !(follow.error instanceof ApiError && follow.error.lost)) {
    const error = follow.error as ApiError;
    if (error.status === 404 || error.status === 403) return <p className="soft">{t("log.private")}</p>;
    return <Problem error={follow.error} />;
  }
  // Long output is drawn in part: lines do not wrap then, so each has one height.
  const windowed = count > 2_000;
  const from = windowed ? Math.max(0, Math.floor(view.top / line_px) - 40) : 0;
  const to = windowed ? Math.min(count, from + Math.ceil(view.height / line_px) + 80) : count;
  return (
    <div className="stack">
      <div className="row">
        <Segmented value={stream} onChange={(value) => setStream(value as "out" | "err")} options={[{ value: "out", label: t("log.out") }, { value: "err", label: t("log.err") }]} />
        {num(job.tasks) > 1 && (
          <InputNumber addonBefore={t("task")} aria-label={t("task")} min={0} max={num(job.tasks) - 1} value={task} onChange={(value) => setTask(value ?? 0)} style={{ width: 130 }} />
        )}
        {num(job.attempts) > 1 && (
          <InputNumber addonBefore={t("attempt")} aria-label={t("attempt")} min={1} max={num(job.attempts)} value={attempt || num(job.attempts)} onChange={(value) => setAttempt(value ?? 0)} style={{ width: 140 }} />
        )}
        <Input.Search
          style={{ width: 240 }} allowClear placeholder={t("log.search")} aria-label={t("log.search")} value={sought}
          onChange={(event) => { setSought(event.target.value); setPlace(0); }} onSearch={() => go(place + 1)}
        />
        {sought && (
          <span className="faint" role="status" data-test="hits">
            {hits.length ? t("log.hits", { n: place + 1, all: hits.length }) : t("log.nohits")}
          </span>
        )}
        {hits.length > 1 && (
          <>
            <Button size="small" onClick={() => go(place - 1)}>{t("log.previous")}</Button>
            <Button size="small" onClick={() => go(place + 1)}>{t("log.next")}</Button>
          </>
        )}
        <span style={{ flex: 1 }} />
        <span className="faint" role="status" data-test="log-state">{t(`log.${follow.state}`)}</span>
        <Button size="small" onClick={() => void download(job, stream, task, attempt)}>{t("download")}</Button>
      </div>
      {(follow.start > 0 || follow.lines.dropped > 0) && <span className="faint">{t("log.tail")}</span>}
      <div
        className="log" ref={box} tabIndex={0} role="log" aria-label={t("log")} aria-live="off"
        onScroll={(event) => {
          const element = event.currentTarget;
          stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
          setView({ top: element.scrollTop, height: element.clientHeight });
        }}
      >
        {windowed && <div style={{ height: from * line_px, minHeight: 0 }} />}
        {lines.slice(from, to).map((line, i) => (
          <div key={from + i} className={hits.includes(from + i) ? "hit" : undefined} style={windowed ? { whiteSpace: "pre", height: line_px } : undefined}>
            {marked(line, wanted)}
          </div>
        ))}
        {windowed && <div style={{ height: (count - to) * line_px, minHeight: 0 }} />}
        {count === 0 && follow.state !== "opening" && <div className="faint">{t("log.empty", { n: count.toLocaleString(locale) })}</div>}
      </div>
    </div>
  );
}
