// The hub's event stream: what changed is asked for again, soon and not too often. While the
// connection is gone the console says so; when it is back everything on the page is read anew, so
// nothing is missed. A hidden page lets go of its stream: a browser gives a host six connections.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

export type LiveState = "connecting" | "live" | "lost" | "paused";

// What each kind of event makes stale: first words of query keys.
const jobs = ["jobs", "job", "stats", "overview", "pools", "map", "orgs", "shares", "top"];
const money = ["orgs", "org", "budgets", "vouchers", "charges", "invoices", "journal", "stats"];
const stale: Record<string, string[]> = {
  job_admitted: jobs, job_eligible: ["job"], job_relaxed: ["job"], job_started: jobs, job_requeued: jobs, job_ended: [...jobs, ...money],
  job_held: ["jobs", "job"], job_released: ["jobs", "job"], job_reserved: ["job", "overview"], job_unreserved: ["job", "overview"],
  job_funded: ["jobs", "job"], job_unfunded: ["jobs", "job"],
  lease_stopping: ["job", "jobs"], lease_ended: ["job", "map", "overview", "pools"], lease_charged: money, lease_progress: ["job", "jobs"], lease_running: ["job"],
  pool_defined: ["pools", "map"], nodes_added: ["pools", "map", "nodes"], node_state_changed: ["pools", "map", "nodes", "overview"], pool_rules_changed: ["pools"],
  org_created: ["orgs"], project_created: ["projects", "orgs"], member_created: ["members", "orgs"], member_changed: ["members", "whoami"],
  share_changed: ["shares"], price_sheet_published: ["prices"], org_funded: money, budget_changed: money,
  voucher_issued: money, voucher_expired: money, corrected: money, invoice_issued: money,
  ledger_opened: money, ledger_closing: money, ledger_closed: money, ledger_held: ["orgs", "budgets"], ledger_charged: money,
  witness_registered: ["witnesses"], witness_removed: ["witnesses"], quote_offered: ["quote"], quote_ended: ["job"],
  spot_cleared: ["pools"], spot_closed: ["pools"], job_outbid: ["jobs", "job"], lease_priced: ["job"], bid_changed: ["jobs", "job"],
  rules_scheduled: ["rules"], rules_took_effect: ["rules", "prices", "pools", "shares", "quote"], rules_withdrawn: ["rules"],
};
export const kinds = Object.keys(stale);
const pause_ms = 1_500; // between two readings of the same thing
const long_pause_ms = 6_000; // of lists with a row for every org of the centre
const long = new Set(["orgs", "shares", "charges"]);
const again_ms = [1_000, 2_000, 4_000, 8_000];

let state: LiveState = "connecting";
const listeners = new Set<() => void>();
function become(next: LiveState) {
  if (state === next) return;
  state = next;
  listeners.forEach((tell) => tell());
}
export function useLive(): LiveState {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => state,
  );
}

// Runs until the returned function is called.
export function follow(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let tries = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();

  const note = (kind: string) => {
    for (const key of stale[kind] ?? []) {
      if (waiting.has(key)) continue;
      const flush = () => {
        waiting.delete(key);
        void client.invalidateQueries({ queryKey: [key] });
      };
      waiting.set(key, setTimeout(flush, long.has(key) ? long_pause_ms : pause_ms));
    }
  };
  const catchUp = () => {
    tries = 0;
    const was = state;
    become("live");
    if (was === "lost" || was === "paused") void client.invalidateQueries();
  };
  const lose = () => {
    close();
    become("lost");
    retry = setTimeout(open, again_ms[Math.min(tries++, again_ms.length - 1)]);
    void client.invalidateQueries({ queryKey: ["whoami"] }); // the session may be over
  };
  const close = () => {
    source?.close();
    source = null;
    clearTimeout(retry);
  };
  function open() {
    close();
    source = new EventSource("/v1/events");
    source.addEventListener("ready", catchUp);
    source.addEventListener("end", lose);
    source.addEventListener("gap", lose);
    source.onerror = lose;
    for (const kind of kinds) source.addEventListener(kind, () => note(kind));
  }
  const onVisible = () => {
    if (document.hidden) {
      close();
      become("paused");
    } else if (source === null) {
      open();
    }
  };
  document.addEventListener("visibilitychange", onVisible);
  if (document.hidden) become("paused");
  else open();
  return () => {
    document.removeEventListener("visibilitychange", onVisible);
    waiting.forEach(clearTimeout);
    close();
    state = "connecting";
  };
}
