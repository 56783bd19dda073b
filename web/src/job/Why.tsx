// Why a job waits: every reason with its numbers, what would help, when it will start.
import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { useWhoami } from "../api/queries";
import type { Job, WaitReason, WaitSpan, Why } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { words } from "../i18n/words";
import { devices, num, span, yuan } from "../lib/units";
import { Card, JobLink, Loaded, When } from "../parts/basics";
import { ForecastFacts, Helps } from "./Forecast";

// The reason's numbers in a sentence of the reader's language; the hub's own (English) sentence for
// a reason that this console does not know.
export function Said({ reason, job }: { reason: WaitReason; job: Job }) {
  const { t, locale } = useWords();
  const name = useNames();
  const others = reason.code === "Priority" && num(reason.available) === 0;
  const key = others ? "said.Priority.others" : `said.${reason.code}`;
  if (!(key in words)) return <>{reason.message}</>;
  // Milli-devices, but for Resources, which counts devices, and money.
  const unit: Record<string, (value: number | string) => string> = {
    Resources: (value) => num(value).toLocaleString(locale), Priority: (value) => num(value).toLocaleString(locale),
    JobArrayTaskLimit: (value) => num(value).toLocaleString(locale), AssocGrpBillingMinutes: (value) => yuan(value),
  };
  const show = unit[reason.code] ?? ((value) => devices(value, locale));
  const text = t(key as Word, {
    needed: show(reason.needed), available: show(reason.available), limit: show(reason.limit), topology: name("topology", job.topology),
    tasks: num(job.tasks_min) || num(job.tasks), each: num(job.devices_per_task),
  });
  return (
    <span title={reason.message}>
      {text}
      {reason.code === "BeginTime" && <> <When us={reason.limit} /></>}
      {num(reason.other) > 0 && <> <JobLink id={reason.other} /></>}
    </span>
  );
}

// What it waited for so far; the newest first.
export function Waits({ history, now = Date.now() * 1_000 }: { history: WaitSpan[]; now?: number }) {
  const { t } = useWords();
  const name = useNames();
  const rows = [...history].reverse().slice(0, 12);
  if (history.length < 2) return null; // one reason since the beginning is the one above
  return (
    <div className="stack" style={{ gap: 6 }} data-test="waits">
      <h3>{t("why.history")}</h3>
      <div className="scroll-x" tabIndex={0}>
        <table className="list">
          <thead><tr><th>{t("why.since")}</th><th className="right">{t("why.lasted")}</th><th>{t("reason")}</th></tr></thead>
          <tbody>
            {rows.map((one, i) => (
              <tr key={i}><td><When us={one.from_us} /></td><td className="right num">{span(((num(one.to_us) || now) - num(one.from_us)) / 1_000)}</td><td title={one.message}>{name("reason", one.code)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      {history.length > rows.length && <p className="faint">{t("why.earlier", { n: history.length - rows.length })}</p>}
    </div>
  );
}

export function WhyCard({ job }: { job: Job }) {
  const { t } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const query = useQuery({
    queryKey: ["job", String(job.id), "why"],
    queryFn: ({ signal }) => get<Why>(`/v1/jobs/${job.id}/why`, {}, signal),
    refetchInterval: 10_000,
  });
  return (
    <Card title={t("why.title")} span={12}>
      <Loaded query={query}>
        {(why) => (
          <div className="stack" style={{ gap: 16 }}>
            {num(why.reserved_start_us) > 0 && (
              <div className="note" data-tone="good">
                {t("why.reserved")} <When us={why.reserved_start_us} />
              </div>
            )}
            {why.reasons.length === 0 ? (
              <p>{t("why.soon")}</p>
            ) : (
              <div className="scroll-x">
                <table className="list" data-test="reasons">
                  <thead><tr><th>{t("reason")}</th><th>{t("why.said")}</th></tr></thead>
                  <tbody>
                    {why.reasons.map((reason, i) => (
                      <tr key={i}>
                        <td>
                          <strong>{name("reason", reason.code)}</strong>
                          <div className="faint mono">{reason.code}</div>
                        </td>
                        <td className="wrap"><Said reason={reason} job={job} /></td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            <Helps job={job} helps={why.helps} mayWork={who.role !== "auditor"} />
            {why.forecast && <ForecastFacts forecast={why.forecast} />}
            <Waits history={why.history} />
          </div>
        )}
      </Loaded>
    </Card>
  );
}
