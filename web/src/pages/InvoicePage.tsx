// One invoice, and whether it follows from the log: checked here, in this browser.
import { useQuery } from "@tanstack/react-query";
import { Button, Upload } from "../parts/antd";
import { useEffect, useRef, useState } from "react";
import { useParams } from "react-router-dom";
import { get, request } from "../api/client";
import { useWhoami } from "../api/queries";
import type { Invoice, OperatorKey } from "../api/types";
import { useMeasures, useNames, usePayer, useWords, type Word } from "../i18n";
import { yuan } from "../lib/units";
import { saveAs } from "../job/LogView";
import { Card, Loaded, PageHead, Problem, TierTag, When, Yuan } from "../parts/basics";
import type { Expected, Step, Told } from "../proof/check";

type Shown = { step: Step; state: "running" | "good" | "bad"; values: Record<string, string | number>; message?: string };
const steps: Step[] = ["file", "key", "blocks", "entries", "bill", "page"];

function useCheck() {
  const [shown, setShown] = useState<Shown[]>([]);
  const [over, setOver] = useState<"" | "good" | "bad">("");
  const worker = useRef<Worker | null>(null);
  useEffect(() => () => worker.current?.terminate(), []);
  const put = (one: Shown) => setShown((list) => [...list.filter((before) => before.step !== one.step), one]);
  const run = (file: Uint8Array, expected: Expected) => {
    worker.current?.terminate();
    setShown([]);
    setOver("");
    worker.current = new Worker(new URL("../proof/worker.ts", import.meta.url), { type: "module" });
    worker.current.onmessage = ({ data }: MessageEvent<Told>) => {
      if (data.type === "step") put(data);
      else if (data.type === "bad") {
        put({ step: data.step, state: "bad", values: {}, message: data.message });
        setOver("bad");
      } else setOver("good");
    };
    worker.current.postMessage({ file, expected });
  };
  return { shown, over, run };
}

function Check({ invoice }: { invoice: Invoice }) {
  const { t } = useWords();
  const who = useWhoami().data!;
  const check = useCheck();
  const [problem, setProblem] = useState("");
  const may = who.role === "operator" || who.role === "admin" || who.role === "auditor";
  const expected = async (): Promise<Expected> => {
    const key = await get<OperatorKey>("/v1/log/key");
    return { keyHex: key.raw, total: String(invoice.total_micro_yuan), org: invoice.org_id, invoice: String(invoice.id) };
  };
  const bundle = async () => new Uint8Array(await (await request(`/v1/invoices/${invoice.id}/bundle`)).arrayBuffer());
  const guarded = (work: () => Promise<void>) => {
    setProblem("");
    work().catch((error) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  if (!may) return <p className="soft">{t("check.role")}</p>;
  const sign = { running: "…", good: "✓", bad: "✗" };
  return (
    <div className="stack">
      <p className="soft">{t("check.what")}</p>
      <div className="row">
        <Button type="primary" onClick={() => guarded(async () => check.run(await bundle(), await expected()))} data-test="check">{t("check.run")}</Button>
        <Button onClick={() => guarded(async () => saveAs(new Blob([await bundle()]), `invoice-${invoice.id}.suanbill`))} data-test="bundle">{t("check.download")}</Button>
        <Upload
          showUploadList={false}
          beforeUpload={(file) => {
            guarded(async () => check.run(new Uint8Array(await file.arrayBuffer()), await expected()));
            return false;
          }}
        >
          <Button>{t("check.upload")}</Button>
        </Upload>
      </div>
      {problem && <div className="note" data-tone="bad" role="alert">{problem}</div>}
      {check.shown.length > 0 && (
        <ul className="check" data-test="steps">
          {steps.flatMap((step) => check.shown.filter((one) => one.step === step)).map((one) => (
            <li key={one.step} data-state={one.state} style={{ color: one.state === "bad" ? "var(--bad)" : one.state === "good" ? "var(--good)" : undefined }}>
              {sign[one.state]} {one.message ?? t(`check.${one.step}` as Word, one.values)}
            </li>
          ))}
        </ul>
      )}
      <div role="status">
        {check.over === "good" && <div className="note" data-tone="good" data-test="verdict">{t("check.good")}</div>}
        {check.over === "bad" && <div className="note" data-tone="bad" data-test="verdict">{t("check.bad")}</div>}
      </div>
      {check.over !== "" && (
        <div className="faint">
          <strong>{t("check.not")}</strong>
          <ul>
            <li>{t("check.not.meter")}</li>
            <li>{t("check.not.omitted")}</li>
            <li>{t("check.not.key")}</li>
          </ul>
          {t("check.cli")} <code>suan bill verify</code>
        </div>
      )}
    </div>
  );
}

function Body({ invoice }: { invoice: Invoice }) {
  const { t } = useWords();
  const payer = usePayer();
  const name = useNames();
  const { used, per } = useMeasures();
  return (
    <>
      <PageHead title={t("invoice.title", { id: String(invoice.id) })}>
        <span className="tag">{invoice.org}</span>
        <span className="grow" />
        <Button onClick={() => window.print()}>{t("print")}</Button>
      </PageHead>
      <div className="grid">
        <Card title={t("invoice.sum")} span={5}>
          <dl className="facts">
            <dt>{t("period")}</dt><dd><When us={invoice.from_us} /> – <When us={invoice.to_us} /></dd>
            <dt>{t("issued")}</dt><dd><When us={invoice.issued_us} /></dd>
            <dt>{t("corrections")}</dt><dd><Yuan micro={invoice.corrections_micro_yuan} /> {t("cny")}</dd>
            <dt>{t("total")}</dt><dd data-test="total"><strong><Yuan micro={invoice.total_micro_yuan} /></strong> {t("cny")}</dd>
            {invoice.payments.map((payment) => (
              <div key={payment.payer} style={{ display: "contents" }}><dt>{t("paidby")}</dt><dd>{yuan(payment.micro_yuan)} {t("cny")} · {payer(payment.payer)}</dd></div>
            ))}
          </dl>
        </Card>
        <Card title={t("check.title")} span={7}><Check invoice={invoice} /></Card>
        <Card title={t("invoice.lines")} span={12} flush>
          <div className="scroll-x" tabIndex={0}>
            <table className="list">
              <thead>
                <tr><th>{t("project")}</th><th>{t("pool")}</th><th>{t("tierorservice")}</th><th>{t("kind")}</th><th>{t("pricesheet")}</th><th className="right">{t("price")}</th><th className="right">{t("used")}</th><th className="right">{t("credited")}</th><th className="right">{t("amount")} ({t("cny")})</th></tr>
              </thead>
              <tbody>
                {invoice.lines.map((line, i) => (
                  <tr key={i}>
                    <td>{line.project || "–"}</td><td>{line.pool || "–"}</td><td>{line.service === "unspecified" ? <TierTag tier={line.tier} /> : name("service", line.service)}</td><td>{name("kind", line.kind)}</td>
                    <td>{t("sheetline", { sheet: line.price_sheet || line.price_sheet_id, line: line.price_line })}</td>
                    <td className="right"><Yuan micro={line.service === "unspecified" ? line.price_micro_yuan_per_device_hour : line.price_micro_yuan_per_unit} /> <span className="faint">{per(line.service)}</span></td>
                    <td className="right num" data-test="used">{used(line)}</td>
                    <td className="right"><Yuan micro={line.credited_micro_yuan} /></td>
                    <td className="right"><Yuan micro={line.micro_yuan} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      </div>
    </>
  );
}

export default function InvoicePage() {
  const { t } = useWords();
  const { id } = useParams();
  const query = useQuery({ queryKey: ["invoices", id], queryFn: ({ signal }) => get<Invoice>(`/v1/invoices/${encodeURIComponent(id!)}`, {}, signal) });
  if (query.error && !query.data) return <><PageHead title={t("invoice.title", { id: id! })} /><Card><Problem error={query.error} retry={() => void query.refetch()} /></Card></>;
  return <Loaded query={query} lines={8}>{(invoice) => <Body invoice={invoice} />}</Loaded>;
}
