// The queue: every job that one may see, newest first, by cursor; filters live in the address.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "../parts/antd";
import { useMemo } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { get } from "../api/client";
import { useOrgs, usePools, useWhoami } from "../api/queries";
import type { Job, JobList } from "../api/types";
import { useNames, useWords } from "../i18n";
import { devices, num, span } from "../lib/units";
import { Empty, PageHead, Problem, Skeleton, StateTag, TierTag, When, Yuan } from "../parts/basics";
import { useMore, VirtualList, type Column, type Order } from "../parts/VirtualList";

const states = ["waiting", "running", "stopping", "completed", "failed", "cancelled", "timeout", "dependency_failed"];
const page_items = 200;

export function milliOf(job: Job): number {
  return num(job.tasks) * num(job.devices_per_task) * num(job.milli_per_device);
}
function elapsed(job: Job): number {
  if (!num(job.started_us)) return -1;
  return ((num(job.ended_us) || Date.now() * 1_000) - num(job.started_us)) / 1_000;
}

// From submission to the newest start; of what never started, to its end or to now.
function waited(job: Job): number {
  const until = job.state === "waiting" ? Date.now() * 1_000 : num(job.started_us) || num(job.ended_us);
  return Math.max(0, (until - num(job.submitted_us)) / 1_000);
}

// A tenant sees its own org alone: whose job it is says more.
function useColumns(own: boolean): Column<Job>[] {
  const { t, locale } = useWords();
  const name = useNames();
  // While it runs: how long so far, and how far it is.
  const note = (j: Job) => {
    const ran = elapsed(j) >= 0 && j.state !== "waiting" ? span(elapsed(j)) : "";
    if (j.state === "running") return num(j.progress_permille) > 0 ? `${ran} · ${num(j.progress_permille) / 10} %` : ran;
    return [j.reason ? name("reason", j.reason) : "", ran].filter(Boolean).join(" · ");
  };
  return [
    { key: "id", title: t("job"), width: "minmax(132px, 2fr)", cell: (j) => <Link to={`/jobs/${j.id}`} title={j.name}>{`${j.id} · ${j.name}`}</Link> },
    { key: "state", title: t("state"), width: "94px", sorts: "rising", cell: (j) => <StateTag state={j.state} /> },
    { key: "org", title: t(own ? "member" : "org"), width: "minmax(64px, 0.8fr)", cell: (j) => <span title={`${j.org} / ${j.project} / ${j.member}`}>{own ? j.member : j.org}</span> },
    { key: "pool", title: t("pool"), width: "minmax(52px, 0.5fr)", cell: (j) => <span title={j.pool}>{j.pool}</span> },
    { key: "tier", title: t("tier"), width: "76px", cell: (j) => <TierTag tier={j.tier} /> },
    { key: "devices", title: t("devices"), width: "78px", right: true, sorts: "falling", cell: (j) => <span className="num">{devices(milliOf(j), locale)}</span> },
    { key: "submitted", title: t("submitted"), width: "104px", right: true, sorts: "rising", cell: (j) => <When us={j.submitted_us} /> },
    { key: "wait", title: t("waited"), width: "80px", right: true, sorts: "falling", cell: (j) => <span className="num">{span(waited(j))}</span> },
    { key: "cost", title: t("charged.cny"), width: "104px", right: true, sorts: "falling", cell: (j) => <Yuan micro={j.charged_micro_yuan} /> },
    { key: "note", title: t("note.job"), width: "minmax(130px, 1.6fr)", cell: (j) => <span title={note(j)}>{note(j)}</span> },
  ];
}

export default function Jobs() {
  const { t, locale } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const pools = usePools().data ?? [];
  const orgs = useOrgs().data ?? [];
  const [search, setSearch] = useSearchParams();
  const sort = search.get("sort") ?? "";
  const order: Order | undefined = sort ? { key: sort.replace(/^-/, ""), falling: sort.startsWith("-") } : undefined;
  const columns = useColumns(who.org !== "");
  const filter = Object.fromEntries(["state", "pool", "org", "member", "name"].map((key) => [key, search.get(key) ?? ""]));
  const change = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(key, value);
    else next.delete(key);
    if (key === "org" && !value && who.role !== "member") next.delete("member");
    setSearch(next, { replace: true });
  };
  const mine = who.org !== "" && filter["member"] === who.member;
  const query = useInfiniteQuery({
    queryKey: ["jobs", filter, sort],
    queryFn: ({ pageParam, signal }) => get<JobList>("/v1/jobs", { ...filter, org: filter["org"] || (filter["member"] ? who.org : ""), sort, limit: page_items, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  // A job whose place changes between two pages may come twice.
  const jobs = useMemo(() => [...new Map((query.data?.pages ?? []).flatMap((page) => page.jobs).map((job) => [String(job.id), job])).values()], [query.data]);
  const { hasNextPage, isFetchingNextPage } = query;
  const more = useMore(query);
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <PageHead title={t("nav.jobs")}>
        <span className="grow" />
        {who.role !== "auditor" && (
          <Link to="/submit">
            <Button type="primary">{t("nav.submit")}</Button>
          </Link>
        )}
      </PageHead>
      <div className="row" role="search">
        <Select
          mode="multiple" allowClear maxTagCount="responsive" style={{ minWidth: 200 }} placeholder={t("filter.state")} aria-label={t("filter.state")}
          value={filter["state"] ? filter["state"].split(",") : []} onChange={(value) => change("state", value.join(","))}
          options={states.map((state) => ({ value: state, label: name("state", state) }))}
        />
        <Select
          allowClear style={{ minWidth: 130 }} placeholder={t("filter.pool")} aria-label={t("filter.pool")} value={filter["pool"] || undefined}
          onChange={(value) => change("pool", value ?? "")} options={pools.map((pool) => ({ value: pool.name, label: pool.name }))}
        />
        {who.org === "" && (
          <Select
            allowClear showSearch style={{ minWidth: 150 }} placeholder={t("filter.org")} aria-label={t("filter.org")} value={filter["org"] || undefined}
            onChange={(value) => change("org", value ?? "")} options={orgs.map((org) => ({ value: org.name, label: org.name }))}
          />
        )}
        <Input.Search
          allowClear style={{ width: 200 }} placeholder={t("filter.name")} aria-label={t("filter.name")} defaultValue={filter["name"]} onSearch={(value) => change("name", value.trim())}
        />
        {who.org !== "" && (
          <Button type={mine ? "primary" : "default"} aria-pressed={mine} onClick={() => change("member", mine ? "" : who.member)}>
            {t("filter.mine")}
          </Button>
        )}
        {filtered && (
          <Button type="link" onClick={() => setSearch(sort ? { sort } : {}, { replace: true })}>
            {t("filter.clear")}
          </Button>
        )}
        <span className="faint" role="status" data-test="loaded">
          {query.data && (hasNextPage ? t("jobs.some", { n: jobs.length.toLocaleString(locale) }) : t("jobs.all", { n: jobs.length.toLocaleString(locale) }))}
          {order ? ` ${t("jobs.sorted")}` : ""}
        </span>
      </div>
      <section className="card flush">
        {query.error && !query.data ? (
          <Problem error={query.error} retry={() => void query.refetch()} />
        ) : !query.data ? (
          <div style={{ padding: 18 }}>
            <Skeleton lines={10} />
          </div>
        ) : jobs.length === 0 ? (
          <Empty title={filtered ? t("jobs.none.filter") : t("jobs.none")}>{!filtered && who.role !== "auditor" && <Link to="/submit">{t("jobs.none.todo")}</Link>}</Empty>
        ) : (
          <VirtualList
            columns={columns} items={jobs} keyOf={(job) => String(job.id)} label={t("nav.jobs")} height="max(360px, calc(100vh - 230px))" minWidth={1022}
            order={order} onOrder={(next) => change("sort", next ? `${next.falling ? "-" : ""}${next.key}` : "")} onEnd={more}
            foot={isFetchingNextPage ? <div className="faint" style={{ padding: 12 }}>{t("loading")}</div> : undefined}
          />
        )}
      </section>
    </>
  );
}
