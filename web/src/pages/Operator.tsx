// What the centre's operator (and, for its own org, an admin) does: orgs, members, prices, nodes.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal, Select, Tabs } from "../parts/antd";
import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router-dom";
import { useChange } from "../api/change";
import { get } from "../api/client";
import { useMembers, useOrgs, usePools, useWhoami } from "../api/queries";
import type { Changed, JournalRow, Member, Node } from "../api/types";
import { useNames, useWords, type Word } from "../i18n";
import { big, count, devices, num, parseYuan } from "../lib/units";
import { Card, Empty, Loaded, PageHead, StateTag, When, Yuan } from "../parts/basics";
import { Field } from "../parts/Field";
import { Refused } from "../parts/Refused";
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
  return (
    <div className="stack">
      {may && <div className="row"><Button type="primary" onClick={() => setMaking(true)}>{t("orgs.make")}</Button></div>}
      <Card flush>
        <Loaded query={query}>
          {(orgs) => (
            <div className="scroll-x" tabIndex={0}>
              <table className="list">
                <thead><tr><th>{t("org")}</th><th className="right">{t("members")}</th><th className="right">{t("projects")}</th><th className="right">{t("state.running")}</th><th className="right">{t("state.waiting")}</th><th className="right">{t("balance")} ({t("cny")})</th><th className="right">{t("unbilled")} ({t("cny")})</th>{may && <th>{t("actions")}</th>}</tr></thead>
                <tbody>
                  {orgs.map((org) => (
                    <tr key={org.id}>
                      <td>{org.name}{org.title && <div className="faint">{org.title}</div>}</td><td className="right num">{org.members}</td><td className="right num">{org.projects}</td>
                      <td className="right num">{count(org.jobs_running, locale)}</td><td className="right num">{count(org.jobs_waiting, locale)}</td>
                      <td className="right"><Yuan micro={org.balance_micro_yuan} /></td><td className="right"><Yuan micro={org.unbilled_micro_yuan} /></td>
                      {may && <td><div className="row"><Button size="small" onClick={() => setFunding(org.name)}>{t("orgs.fund")}</Button> <Button size="small" disabled={big(org.unbilled_micro_yuan) === 0n} onClick={() => fund.mutate({ method: "POST", path: "/v1/invoices", body: { org: org.name } })}>{t("orgs.bill")}</Button></div></td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
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
  const act = (member: Member, verb: string) => change.mutate({ method: "POST", path: `/v1/members/${member.id}/${verb}` });
  return (
    <div className="stack">
      {may && <div className="row"><Button type="primary" onClick={() => setMaking(true)}>{t("members.make")}</Button></div>}
      <Refused error={change.error} />
      <Card flush>
        <Loaded query={query}>
          {(members) => (
            <div className="scroll-x" tabIndex={0}>
              <table className="list">
                <thead><tr><th>{t("member")}</th><th>{t("org")}</th><th>{t("role")}</th><th>{t("state")}</th>{may && <th>{t("actions")}</th>}</tr></thead>
                <tbody>
                  {members.map((member) => (
                    <tr key={member.id}>
                      <td>{member.name}</td><td>{member.org || t("centre")}</td><td>{name("role", member.role)}</td><td><span className="tag" data-tone={member.disabled ? "bad" : "good"}>{t(member.disabled ? "members.disabled" : "members.active")}</span></td>
                      {may && <td className="row"><Button size="small" onClick={() => act(member, member.disabled ? "enable" : "disable")} disabled={member.id === who.member_id}>{t(member.disabled ? "members.enable" : "members.disable")}</Button><Button size="small" onClick={() => act(member, "rotate")} disabled={member.id === who.member_id}>{t("members.rotate")}</Button></td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
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
            <div className="scroll-x" tabIndex={0}>
              <table className="list">
                <thead><tr><th>{t("node")}</th><th>{t("pool")}</th><th className="right">{t("rack")}</th><th>{t("state")}</th><th className="right">{t("devices")}</th><th className="right">{t("map.free")}</th><th>{t("reason")}</th>{may && <th>{t("actions")}</th>}</tr></thead>
                <tbody>
                  {nodes.map((node) => (
                    <tr key={node.id}>
                      <td>{node.name}</td><td>{node.pool}</td><td className="right num">{node.rack}</td><td><StateTag state={node.state} /></td><td className="right num">{node.devices}</td><td className="right num">{devices(node.free_milli, locale)}</td><td className="soft wrap">{node.reason}</td>
                      {may && <td className="row">{node.state === "open" ? <><Button size="small" onClick={() => setAsking({ node, to: "draining" })}>{t("nodes.drain")}</Button><Button size="small" danger onClick={() => setAsking({ node, to: "down" })}>{t("nodes.down")}</Button></> : <Button size="small" onClick={() => set(node, "open")}>{t("nodes.return")}</Button>}</td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Loaded>
      </Card>
      {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>{t("more")}</Button>}
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
  return (
    <div className="stack">
      <p className="soft">{t("trail.what")}</p>
      <Card flush>
        <Loaded query={{ data: list, error: query.error, refetch: query.refetch }}>
          {(rows) => rows.length === 0 ? <Empty title={t("trail.none")} /> : (
            <div className="scroll-x" tabIndex={0}>
              <table className="list">
                <thead><tr><th>{t("time")}</th><th>{t("kind")}</th><th>{t("debit")}</th><th>{t("credit")}</th><th className="right">{t("amount")} ({t("cny")})</th><th>{t("entry")}</th><th>{t("note")}</th></tr></thead>
                <tbody>{rows.map((row, i) => <tr key={`${row.number}-${i}`}><td><When us={row.time_us} /></td><td>{name("journal", row.kind)}</td><td>{row.debit}</td><td>{row.credit}</td><td className="right"><Yuan micro={row.micro_yuan} /></td><td className="num">{String(row.seq)}</td><td className="wrap">{row.note || (num(row.job_id) ? `${t("job")} ${row.job_id}` : "")}</td></tr>)}</tbody>
              </table>
            </div>
          )}
        </Loaded>
      </Card>
      {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>{t("more")}</Button>}
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
