// Small things that every page shows.
import { Button } from "./antd";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { ApiError } from "../api/client";
import type { JobState, Wide } from "../api/types";
import { useNames, useWords } from "../i18n";
import { fullTime, shortTime } from "../lib/time";
import { yuan } from "../lib/units";

export function When({ us }: { us: Wide | undefined }) {
  const { locale } = useWords();
  if (!Number(us ?? 0)) return <span className="faint">–</span>;
  return (
    <time className="num" dateTime={new Date(Number(us) / 1_000).toISOString()} title={fullTime(us, locale)}>
      {shortTime(us, locale)}
    </time>
  );
}

// The amount in full; the unit stands in the column's or the figure's title.
export function Yuan({ micro }: { micro: Wide | bigint | undefined }) {
  return <span className="num">{yuan(micro)}</span>;
}

const tones: Record<string, string> = {
  running: "run", stopping: "warn", completed: "good", failed: "bad", timeout: "bad", dependency_failed: "bad", cancelled: "",
  open: "good", draining: "warn", down: "bad",
};
export function Tag({ tone, children }: { tone?: "run" | "good" | "warn" | "bad"; children: ReactNode }) {
  return <span className="tag" data-tone={tone}>{children}</span>;
}
export function StateTag({ state }: { state: JobState | string }) {
  const name = useNames();
  return (
    <span className="tag" data-tone={tones[state] ?? ""} data-state={state}>
      {name("state", state)}
    </span>
  );
}
export function TierTag({ tier }: { tier: string }) {
  const name = useNames();
  return <span className="tag">{name("tier", tier)}</span>;
}

export function PageHead({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="page-head">
      <h1>{title}</h1>
      {children}
    </div>
  );
}

export function Card(props: { aside?: boolean; title?: ReactNode; extra?: ReactNode; span?: number; flush?: boolean; children: ReactNode; label?: string }) {
  return (
    <section className={`card${props.aside ? " aside" : ""}${props.flush ? " flush" : ""}${props.span ? ` s${props.span}` : ""}`} aria-label={props.label}>
      {props.title && (
        <header>
          <h2>{props.title}</h2>
          <span className="grow" />
          {props.extra}
        </header>
      )}
      {props.children}
    </section>
  );
}

export function Figure({ title, children, below, span = 3 }: { title: string; children: ReactNode; below?: ReactNode; span?: number }) {
  return (
    <section className={`card figure s${span}`}>
      <h3>{title}</h3>
      <b>{children}</b>
      <span className="faint">{below}</span>
    </section>
  );
}

export function Skeleton({ lines = 4 }: { lines?: number }) {
  const { t } = useWords();
  return (
    <div className="skeleton" role="status" aria-label={t("loading")}>
      {Array.from({ length: lines }, (_, i) => (
        <i key={i} style={{ width: `${92 - ((i * 23) % 40)}%` }} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

// What went wrong, in the hub's own words, and what to do about it.
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useWords();
  const known = error instanceof ApiError ? error : new ApiError(-1, "unknown", String(error));
  const title = known.lost ? t("problem.lost") : known.status === 403 ? t("problem.forbidden") : known.status === 404 ? t("problem.missing") : t("problem.failed");
  return (
    <div className="empty" role="alert">
      <strong>{title}</strong>
      <span className="wrap">{known.lost ? t("problem.lost.todo") : known.status === 403 ? t("problem.forbidden.todo") : known.message}</span>
      {!known.lost && known.status !== 403 && known.whatToDo && <span className="faint wrap">{known.whatToDo}</span>}
      {retry && known.status !== 403 && known.status !== 404 && <Button onClick={retry}>{t("again")}</Button>}
      {known.requestId && <span className="faint">{t("problem.request", { id: known.requestId })}</span>}
    </div>
  );
}

// Loading, failed, or there.
export function Loaded<T>({ query, children, lines }: { query: { data: T | undefined; error: unknown; refetch: () => unknown }; children: (data: T) => ReactNode; lines?: number }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton lines={lines} />;
}

export function JobLink({ id, name }: { id: Wide; name?: string }) {
  return <Link to={`/jobs/${id}`}>{name ? `${id} · ${name}` : String(id)}</Link>;
}

export function Meter({ parts, whole, label }: { parts: { value: number; colour: string }[]; whole: number; label: string }) {
  return (
    <div className="meter" role="img" aria-label={label}>
      {parts.map((part, i) => (
        <i key={i} style={{ width: `${whole > 0 ? (part.value * 100) / whole : 0}%`, background: part.colour }} />
      ))}
    </div>
  );
}

export const tierColours: Record<string, string> = { reserved: "#1554c0", standard: "#2f9e78", spot: "#d0841b" };
