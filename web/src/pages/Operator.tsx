// What the centre's operator (and, for its own org, an admin) does: orgs, members, prices, nodes.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal, Select, Tabs } from "../parts/antd";
import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router-dom";
import { useChange } from "../api/change";
import { get } from "../api/client";
import { useMembers, useOrgs, usePools, useWhoami } from "../api/queries";
import type { Changed, JournalRow, Member, Node, Org } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { big, count, devices, num, parseYuan } from "../lib/units";
import { Card, Empty, Loaded, PageHead, StateTag, When, Yuan } from "../parts/basics";
import { EntryRows } from "../parts/Entries";
import { Field } from "../parts/Field";
import { Refused } from "../parts/Refused";
import { useMore, VirtualList, type Column } from "../parts/VirtualList";
import { Prices } from "./Prices";

function Orgs() {
  const { t, locale } = useWords();
  const who = useWhoami().data!;
  const query = useOrgs();
  const [making, setMaking] = useState(false);
  const [funding, setFunding] = useState("");
  const [name, setName] = useState("");
  const [amount, setAmount] = useState("");
  const make = useChange(["orgs"], () => { setMaking(false); setName(""); });
  const fund = useChange(["orgs", "journal"], () => { setFunding(""); setAmount(""); });
  const micro = parseYuan(amount);
  const may = who.role === "operator";
  const columns: Column<Org>[] = [
    { key: "org", title: t("org"), width: "minmax(140px, 2fr)", cell: (org) => <span title={org.title || org.name}>{org.name} {org.title && <span className="faint">{org.title}</span>}</span> },
    { key: "members", title: t("members"), width: "72px", right: true, cell: (org) => <span className="num">{org.members}</span> },
    { key: "projects", title: t("projects"), width: "72px", right: true, cell: (org) => <span className="num">{org.projects}</span> },
    { key: "running", title: t("state.running"), width: "80px", right: true, cell: (org) => <span className="num">{count(org.jobs_running, locale)}</span> },
    { key: "waiting", title: t("state.waiting"), width: "80px", right: true, cell: (org) => <span className="num">{count(org.jobs_waiting, locale)}</span> },
    { key: "balance", title: `${t("balance")} (${t("cny")})`, width: "minmax(140px, 1fr)", right: true, cell: (org) => <Yuan micro={org.balance_micro_yuan} /> },
    { key: "unbilled", title: `${t("unbilled")} (${t("cny")})`, width: "minmax(140px, 1fr)", right: true, cell: (org) => <Yuan micro={org.unbilled_micro_yuan} /> },
    ...(may ? [{ key: "do", title: t("actions"), width: "210px", cell: (org: Org) => <span className="row nowrap"><Button size="small" onClick={() => setFunding(org.name)}>{t("orgs.fund")}</Button><Button size="small" disabled={big(org.unbilled_micro_yuan) === 0n} onClick={() => fund.mutate({ method: "POST", path: "/v1/invoices", body: { org: org.name } })}>{t("orgs.bill")}</Button></span> }] : []),
  ];
  return (
    <div className="stack">
      {may && <div className="row"><Button type="primary" onClick={() => setMaking(true)}>{t("orgs.make")}</Button></div>}
      <Card flush>
        <Loaded query={query}>
          {(orgs) => (
            orgs.length === 0 ? <Empty title={t("orgs.none")}>{t(may ? "orgs.none.todo" : "orgs.none.wait")}</Empty> : <VirtualList columns={columns} items={orgs} keyOf={(org) => org.id} label={t("orgs")} minWidth={900} />
          )}
        </Loaded>
      </Card>
      {!funding && <Refused error={fund.error} />}
      <Modal open={making} title={t("orgs.make")} okText={t("make")} cancelText={t("back")} onCancel={() => setMaking(false)} okButtonProps={{ disabled: !name.trim(), loading: make.isPending }} onOk={() => make.mutate({ method: "POST", path: "/v1/orgs", body: { name: name.trim() } })}>
        <div className="stack"><Field id="org-name" label={t("name")}><Input id="org-name" value={name} maxLength={64} onChange={(event) => setName(event.target.value)} /></Field><Refused error={make.error} /></div>
      </Modal>
      <Modal open={funding !== ""} title={t("orgs.fund.title", { org: funding })} okText={t("orgs.fund")} cancelText={t("back")} onCancel={() => setFunding("")} okButtonProps={{ disabled: micro === null || micro <= 0n, loading: fund.isPending }} onOk={() => fund.mutate({ method: "POST", path: "/v1/funds", body: { org: funding, micro_yuan: String(micro) } })}>
        <div className="stack"><Field id="fund-amount" label={`${t("amount")} (${t("cny")})`}><Input id="fund-amount" value={amount} onChange={(event) => setAmount(event.target.value)} /></Field><Refused error={fund.error} /></div>
      </Modal>
    </div>
  );
}

function Members() {
  const { t } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const query = useMembers();
  const orgs = useOrgs().data ?? [];
  const [making, setMaking] = useState(false);
  const [token, setToken] = useState("");
  const [draft, setDraft] = useState({ name: "", org: who.org, role: "member" });
  const told = (changed: Changed) => { setMaking(false); setToken(changed.token); };
  const make = useChange(["members"], told);
  const change = useChange(["members"], told);
  const may = who.role !== "auditor";
  const columns: Column<Member>[] = [
    { key: "member", title: t("member"), width: "minmax(120px, 1.5fr)", cell: (member) => <span title={member.name}>{member.name}</span> },
    { key: "org", title: t("org"), width: "minmax(120px, 1.5fr)", cell: (member) => member.org || t("centre") },
    { key: "role", title: t("role"), width: "110px", cell: (member) => name("role", member.role) },
    { key: "state", title: t("state"), width: "90px", cell: (member) => <span className="tag" data-tone={member.disabled ? "bad" : "good"}>{t(member.disabled ? "members.disabled" : "members.active")}</span> },
    ...(may ? [{ key: "do", title: t("actions"), width: "210px", cell: (member: Member) => <span className="row nowrap"><Button size="small" onClick={() => act(member, member.disabled ? "enable" : "disable")} disabled={member.id === who.member_id}>{t(member.disabled ? "members.enable" : "members.disable")}</Button><Button size="small" onClick={() => act(member, "rotate")} disabled={member.id === who.member_id}>{t("members.rotate")}</Button></span> }] : []),
  ];
  const act = (member: Member, verb: string) => change.mutate({ method: "POST", path: `/v1/members/${member.id}/${verb}` });
  return (
    <div className="stack">
      {may && <div className="row"><Button type="primary" onClick={() => setMaking(true)}>{t("members.make")}</Button></div>}
      <Refused error={change.error} />
      <Card flush>
        <Loaded query={query}>
          {(members) => (
            members.length === 0 ? <Empty title={t("members.none")} /> : <VirtualList columns={columns} items={members} keyOf={(member) => member.id} label={t("members")} minWidth={640} />
          )}
        </Loaded>
      </Card>
      <Modal open={making} title={t("members.make")} okText={t("make")} cancelText={t("back")} onCancel={() => setMaking(false)} okButtonProps={{ disabled: !draft.name.trim(), loading: make.isPending }} onOk={() => make.mutate({ method: "POST", path: "/v1/members", body: draft })}>
        <div className="stack">
          <Field id="member-name" label={t("name")}><Input id="member-name" value={draft.name} maxLength={64} onChange={(event) => setDraft({ ...draft, name: event.target.value })} /></Field>
          {who.org === "" && <Field id="member-org" label={t("org")}><Select id="member-org" allowClear value={draft.org || undefined} onChange={(org) => setDraft({ ...draft, org: org ?? "" })} options={orgs.map((org) => ({ value: org.name, label: org.name }))} /></Field>}
          <Field id="member-role" label={t("role")}><Select id="member-role" value={draft.role} onChange={(role) => setDraft({ ...draft, role })} options={(draft.org ? ["member", "admin"] : ["operator", "auditor"]).map((role) => ({ value: role, label: name("role", role) }))} /></Field>
          <Refused error={make.error} />
        </div>
      </Modal>
      <Modal open={token !== ""} title={t("token.title")} footer={<Button type="primary" onClick={() => setToken("")}>{t("token.kept")}</Button>} onCancel={() => setToken("")}>
        <p>{t("token.once")}</p>
        <p className="mono wrap" data-test="token" style={{ marginTop: 8 }}>{token}</p>
      </Modal>
    </div>
  );
}

function Nodes() {
  const { t, locale } = useWords();
  const name = useNames();
  const who = useWhoami().data!;
  const pools = usePools().data ?? [];
  const [pool, setPool] = useState<string | undefined>();
  const [state, setState] = useState<string | undefined>();
  const [asking, setAsking] = useState<{ node: Node; to: string } | null>(null);
  const [reason, setReason] = useState("");
  const query = useInfiniteQuery({
    queryKey: ["nodes", "list", pool, state],
    queryFn: ({ pageParam, signal }) => get<{ nodes: Node[]; next_cursor: string }>("/v1/nodes", { pool, state, limit: 100, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const change = useChange(["nodes", "map", "pools"], () => { setAsking(null); setReason(""); });
  const list = query.data?.pages.flatMap((page) => page.nodes);
  const may = who.role === "operator";
  const more = useMore(query);
  const columns: Column<Node>[] = [
    { key: "node", title: t("node"), width: "minmax(90px, 1fr)", cell: (node) => <span title={node.name}>{node.name}</span> },
    { key: "pool", title: t("pool"), width: "minmax(80px, 0.8fr)", cell: (node) => node.pool },
    { key: "rack", title: t("rack"), width: "60px", right: true, cell: (node) => <span className="num">{node.rack}</span> },
    { key: "state", title: t("state"), width: "100px", cell: (node) => <StateTag state={node.state} /> },
    { key: "devices", title: t("devices"), width: "76px", right: true, cell: (node) => <span className="num">{node.devices}</span> },
    { key: "free", title: t("map.free"), width: "70px", right: true, cell: (node) => <span className="num">{devices(node.free_milli, locale)}</span> },
    { key: "reason", title: t("reason"), width: "minmax(120px, 2fr)", cell: (node) => <span className="soft" title={node.reason}>{node.reason}</span> },
    ...(may ? [{ key: "do", title: t("actions"), width: "190px", cell: (node: Node) => <span className="row nowrap">{node.state === "open" ? <><Button size="small" onClick={() => setAsking({ node, to: "draining" })}>{t("nodes.drain")}</Button><Button size="small" danger onClick={() => setAsking({ node, to: "down" })}>{t("nodes.down")}</Button></> : <Button size="small" onClick={() => set(node, "open")}>{t("nodes.return")}</Button>}</span> }] : []),
  ];
  const set = (node: Node, to: string, why = "") => change.mutate({ method: "POST", path: "/v1/nodes/state", body: { nodes: [node.name], state: to, reason: why } });
  return (
    <div className="stack">
      <div className="row">
        <Select allowClear style={{ minWidth: 150 }} aria-label={t("filter.pool")} placeholder={t("filter.pool")} value={pool} onChange={setPool} options={pools.map((one) => ({ value: one.name, label: one.name }))} />
        <Select allowClear style={{ minWidth: 150 }} aria-label={t("filter.state")} placeholder={t("filter.state")} value={state} onChange={setState} options={["open", "draining", "down"].map((one) => ({ value: one, label: name("state", one) }))} />
      </div>
      {!asking && <Refused error={change.error} />}
      <Card flush>
        <Loaded query={{ data: list, error: query.error, refetch: query.refetch }}>
          {(nodes) => nodes.length === 0 ? <Empty title={t("nodes.none")} /> : (
            <VirtualList columns={columns} items={nodes} keyOf={(node) => node.id} label={t("nodes")} minWidth={860} onEnd={more} foot={query.isFetchingNextPage ? <div className="faint" style={{ padding: 12 }}>{t("loading")}</div> : undefined} />
          )}
        </Loaded>
      </Card>
      <Modal open={asking !== null} title={asking && `${asking.node.name}: ${name("state", asking.to)}`} okText={t("do")} cancelText={t("back")} onCancel={() => setAsking(null)} okButtonProps={{ danger: asking?.to === "down", loading: change.isPending }} onOk={() => asking && set(asking.node, asking.to, reason)}>
        <div className="stack">
          {asking?.to === "down" && <div className="note" data-tone="warn">{t("nodes.down.warn")}</div>}
          <Field id="node-reason" label={t("reason")}><Input id="node-reason" value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} /></Field>
          <Refused error={change.error} />
        </div>
      </Modal>
    </div>
  );
}

function Vouchers() {
  const { t } = useWords();
  const orgs = useOrgs().data ?? [];
  const pools = usePools().data ?? [];
  const [draft, setDraft] = useState({ org: "", funder: "", amount: "", days: 90, cap: "", contract: "", pools: [] as string[] });
  const [made, setMade] = useState("");
  const issue = useChange(["vouchers", "orgs"], (changed) => setMade(String(changed.id)));
  const micro = parseYuan(draft.amount);
  const cap = draft.cap ? parseYuan(draft.cap) : 0n;
  const good = draft.org && draft.funder && micro !== null && micro > 0n && cap !== null;
  const send_it = () => issue.mutate({ method: "POST", path: "/v1/vouchers", body: { org: draft.org, funder: draft.funder, micro_yuan: String(micro), expires_us: String((Date.now() + draft.days * 86_400_000) * 1_000), pools: draft.pools, job_cap_micro_yuan: String(cap), contract: draft.contract } });
  return (
    <Card title={t("vouchers.issue")}>
      <div className="form">
        <Field id="v-org" label={t("org")}><Select id="v-org" showSearch value={draft.org || undefined} onChange={(org) => setDraft({ ...draft, org })} options={orgs.map((org) => ({ value: org.name, label: org.name }))} /></Field>
        <Field id="v-funder" label={t("funder")}><Input id="v-funder" value={draft.funder} onChange={(event) => setDraft({ ...draft, funder: event.target.value })} /></Field>
        <Field id="v-amount" label={`${t("amount")} (${t("cny")})`}><Input id="v-amount" value={draft.amount} onChange={(event) => setDraft({ ...draft, amount: event.target.value })} status={draft.amount && micro === null ? "error" : undefined} /></Field>
        <Field id="v-days" label={t("vouchers.days")}><InputNumber id="v-days" min={1} max={3_650} value={draft.days} onChange={(days) => setDraft({ ...draft, days: days ?? 90 })} style={{ width: "100%" }} /></Field>
        <Field id="v-cap" label={t("vouchers.cap")}><Input id="v-cap" value={draft.cap} onChange={(event) => setDraft({ ...draft, cap: event.target.value })} /></Field>
        <Field id="v-pools" label={t("pays.pools")}><Select id="v-pools" mode="multiple" value={draft.pools} onChange={(list) => setDraft({ ...draft, pools: list })} options={pools.map((pool) => ({ value: pool.name, label: pool.name }))} /></Field>
        <Field id="v-contract" label={t("contract")}><Input id="v-contract" value={draft.contract} onChange={(event) => setDraft({ ...draft, contract: event.target.value })} /></Field>
      </div>
      <div className="row" style={{ marginTop: 12 }}><Button type="primary" disabled={!good} loading={issue.isPending} onClick={send_it}>{t("vouchers.issue")}</Button>{made && <span role="status">{t("vouchers.issued", { id: made })}</span>}</div>
      <Refused error={issue.error} />
    </Card>
  );
}

function Trail() {
  const { t } = useWords();
  const name = useNames();
  const query = useInfiniteQuery({
    queryKey: ["journal"],
    queryFn: ({ pageParam, signal }) => get<{ rows: JournalRow[]; next_cursor: string }>("/v1/ledger/journal", { limit: 100, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const list = query.data?.pages.flatMap((page) => page.rows);
  const more = useMore(query);
  const note = (row: JournalRow) => row.note || (num(row.job_id) ? `${t("job")} ${row.job_id}` : "");
  const columns: Column<JournalRow>[] = [
    { key: "time", title: t("time"), width: "150px", cell: (row) => <When us={row.time_us} /> },
    { key: "kind", title: t("kind"), width: "100px", cell: (row) => name("journal", row.kind) },
    { key: "debit", title: t("debit"), width: "minmax(110px, 1fr)", cell: (row) => <span title={row.debit}>{row.debit}</span> },
    { key: "credit", title: t("credit"), width: "minmax(110px, 1fr)", cell: (row) => <span title={row.credit}>{row.credit}</span> },
    { key: "amount", title: `${t("amount")} (${t("cny")})`, width: "minmax(150px, 1fr)", right: true, cell: (row) => <Yuan micro={row.micro_yuan} /> },
    { key: "entry", title: t("entry"), width: "90px", right: true, cell: (row) => <span className="num">{String(row.seq)}</span> },
    { key: "note", title: t("note"), width: "minmax(120px, 1.5fr)", cell: (row) => <span title={note(row)}>{note(row)}</span> },
  ];
  return (
    <div className="stack">
      <p className="soft">{t("trail.what")}</p>
      <Card flush>
        <Loaded query={{ data: list, error: query.error, refetch: query.refetch }}>
          {(rows) => rows.length === 0 ? <Empty title={t("trail.none")} /> : (
            <VirtualList columns={columns} items={rows} keyOf={(row) => `${row.number}/${row.debit}/${row.credit}`} label={t("trail")} minWidth={980} onEnd={more} foot={query.isFetchingNextPage ? <div className="faint" style={{ padding: 12 }}>{t("loading")}</div> : undefined} />
          )}
        </Loaded>
      </Card>
    </div>
  );
}

export default function Operator() {
  const { t } = useWords();
  const who = useWhoami().data!;
  const [search, setSearch] = useSearchParams();
  const centre = who.org === "";
  const tabs: { key: string; word: Word; show: boolean; page: () => ReactNode }[] = [
    { key: "orgs", word: "orgs", show: centre, page: () => <Orgs /> },
    { key: "members", word: "members", show: true, page: () => <Members /> },
    { key: "prices", word: "prices", show: true, page: () => <Prices /> },
    { key: "vouchers", word: "vouchers", show: who.role === "operator", page: () => <Vouchers /> },
    { key: "nodes", word: "nodes", show: centre, page: () => <Nodes /> },
    { key: "audit", word: "audit", show: true, page: () => <Card flush title={t("audit")} extra={<span className="faint">{t(who.role === "operator" ? "entries.operator" : who.role === "auditor" ? "entries.auditor" : "entries.tenant")}</span>}><EntryRows /></Card> },
    { key: "trail", word: "trail", show: true, page: () => <Trail /> },
  ];
  const shown = tabs.filter((tab) => tab.show);
  const wanted = search.get("tab");
  const active = shown.some((tab) => tab.key === wanted) ? wanted! : shown[0]!.key;
  if (who.role === "member") return <><PageHead title={t("nav.operator")} /><Card><Empty title={t("problem.forbidden")}>{t("problem.forbidden.todo")}</Empty></Card></>;
  return (
    <>
      <PageHead title={t(centre ? "nav.operator" : "nav.manage")} />
      <Tabs activeKey={active} onChange={(key) => setSearch({ tab: key })} destroyInactiveTabPane items={shown.map((tab) => ({ key: tab.key, label: t(tab.word), children: tab.page() }))} />
    </>
  );
}
