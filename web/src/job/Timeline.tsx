// The leases of a job on one line of time: when it held devices, when it was stopped and why.
import type { Job, Lease } from "../api/types";
import { useNames, useWords } from "../i18n";
import { deviceHours, num, span } from "../lib/units";
import { StateTag, When, Yuan } from "../parts/basics";

const colours: Record<string, string> = {
  completed: "#2f9e78", failed: "#c9453c", timeout: "#c9453c", node_failed: "#c9453c", launch_failed: "#c9453c", lost: "#c9453c", preempted: "#d0841b", unfunded: "#d0841b", unspecified: "#1554c0",
};

function why(lease: Lease): string {
  return lease.stopping !== "unspecified" ? lease.stopping : "";
}

export function Timeline({ job, now = Date.now() * 1_000 }: { job: Job; now?: number }) {
  const { t } = useWords();
  const name = useNames();
  const leases = job.leases ?? [];
  const begin = num(job.submitted_us);
  const end = Math.max(num(job.ended_us) || now, begin + 1_000_000);
  const part = (us: number) => `${(Math.min(Math.max(us - begin, 0), end - begin) * 100) / (end - begin)}%`;
  if (leases.length === 0) return <p className="soft">{t("leases.none")}</p>;
  return (
    <div className="stack">
      <div className="timeline">
        <div className="bar" role="img" aria-label={t("leases.bar", { n: leases.length })}>
          {leases.map((lease) => {
            const from = num(lease.started_us);
            const to = num(lease.ended_us) || now;
            return (
              <i
                key={String(lease.id)}
                title={`${t("lease")} ${lease.id}: ${span((to - from) / 1_000)}`}
                style={{ left: part(from), width: `${((to - from) * 100) / (end - begin)}%`, background: colours[lease.outcome] ?? "#8a94a6" }}
              />
            );
          })}
        </div>
        <div className="row faint" style={{ justifyContent: "space-between" }}>
          <span>{t("submitted")} <When us={begin} /></span>
          <span>{num(job.ended_us) ? <>{t("ended")} <When us={job.ended_us} /></> : t("now")}</span>
        </div>
      </div>
      <div className="scroll-x" tabIndex={0}>
        <table className="list">
          <thead>
            <tr>
              <th>{t("lease")}</th><th>{t("attempt")}</th><th>{t("started")}</th><th>{t("ended")}</th><th>{t("outcome")}</th><th>{t("placed")}</th>
              <th className="right">{t("devicehours")}</th><th className="right">{t("charged")}</th>
            </tr>
          </thead>
          <tbody>
            {leases.map((lease) => (
              <tr key={String(lease.id)}>
                <td className="num">{String(lease.id)}</td>
                <td className="num">{lease.attempt}</td>
                <td><When us={lease.started_us} /></td>
                <td><When us={lease.ended_us} /></td>
                <td>
                  {lease.outcome === "unspecified" ? <StateTag state="running" /> : name("outcome", lease.outcome)}
                  {why(lease) && <div className="faint">{name("stop", why(lease))}</div>}
                </td>
                <td className="wrap">{lease.slots.slice(0, 4).map((slot) => `${slot.node}[${slot.devices.join(",")}]`).join(" ")}{lease.slots.length > 4 ? ` +${lease.slots.length - 4}` : ""}</td>
                <td className="right"><span className="num">{deviceHours(lease.milli_device_ms)}</span></td>
                <td className="right"><Yuan micro={lease.charged_micro_yuan} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
