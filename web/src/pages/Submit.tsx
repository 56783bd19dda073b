// Three ways to one job: a form, its text, or an app's few fields; the price stands beside each.
import { useMutation } from "@tanstack/react-query";
import { Button, Segmented } from "../parts/antd";
import { useMemo, useRef, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router-dom";
import { ApiError, freshKey, send } from "../api/client";
import type { JobAccepted } from "../api/types";
import { useWords, type Word } from "../i18n";
import { Apps } from "../job/Apps";
import { JobForm } from "../job/JobForm";
import { parseJobFile, textOf, type Fault } from "../job/jobfile";
import { Quote } from "../job/Quote";
import { Refused } from "../parts/Refused";
import { Card, PageHead } from "../parts/basics";

const kept = "suan.draft";
const example = textOf({ name: "job", tasks: 1, devices_per_task: 1, walltime: "10m", script: "#!/bin/bash\necho hello\n" });

function faultText(fault: Fault, t: (word: Word, values?: Record<string, string | number>) => string): string {
  const where = fault.line ? `${t("line", { n: fault.line })}: ` : "";
  return where + t(`fault.${fault.code}`, { field: fault.field, near: fault.near ?? "" });
}

function JobFile({ mode }: { mode: "form" | "yaml" }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const given = (useLocation().state as { draft?: Record<string, unknown> } | null)?.draft;
  const [text, setTextNow] = useState(() => (given ? textOf(given) : (sessionStorage.getItem(kept) ?? example)));
  const key = useRef(freshKey());
  const setText = (next: string) => {
    setTextNow(next);
    sessionStorage.setItem(kept, next); // nothing typed is lost by a reload
    key.current = freshKey();
  };
  const { request, faults } = useMemo(() => parseJobFile(text), [text]);
  // The key stays the same while the text does: a second press after a lost answer makes no second job.
  const submit = useMutation({
    mutationFn: () => send<JobAccepted>("POST", "/v1/jobs", request, key.current),
    onSuccess: (accepted) => {
      sessionStorage.removeItem(kept);
      navigate(`/jobs/${accepted.id}`);
    },
  });
  const failed = submit.error instanceof ApiError ? submit.error : null;
  const faultOf = (field: string) => {
    const own = faults.find((fault) => fault.field === field);
    if (own) return faultText(own, t);
    return failed && failed.field.replace(/_ms$|_micro_yuan$|^spec\./g, "") === field ? failed.message : undefined;
  };
  return (
      <div className="grid">
        <Card span={8} label={t("nav.submit")}>
          {mode === "form" ? (
            <JobForm text={text} onText={setText} request={request} faultOf={faultOf} />
          ) : (
            <div className="field">
              <label htmlFor="yaml">{t("submit.yaml")}</label>
              <textarea id="yaml" className="code" value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} aria-invalid={faults.length > 0} aria-describedby="yaml-faults" />
            </div>
          )}
          <ul id="yaml-faults" className="check" role="status" style={{ marginTop: 8 }}>
            {faults.filter((fault) => mode === "yaml" || !fault.field).map((fault, i) => <li key={i} style={{ color: "var(--bad)" }}>{faultText(fault, t)}</li>)}
          </ul>
          <Refused error={failed} />
          <div className="row" style={{ marginTop: 16 }}>
            <Button type="primary" size="large" disabled={faults.length > 0} loading={submit.isPending} onClick={() => submit.mutate()} data-test="submit">{t("submit.do")}</Button>
            <Button onClick={() => setText(example)}>{t("submit.anew")}</Button>
          </div>
        </Card>
        <Card span={4} aside title={t("quote")}><Quote request={request} wrong={faults.length} /></Card>
      </div>
  );
}

// Which way is part of the address: /submit, /submit?app= and /submit?app=NAME.
export default function Submit() {
  const { t } = useWords();
  const [search, setSearch] = useSearchParams();
  const [mode, setMode] = useState<"form" | "yaml">("form");
  const apps = search.has("app");
  const turn = (next: string) => {
    if (next === "app") return setSearch({ app: "" });
    setMode(next as "form" | "yaml");
    if (apps) setSearch({});
  };
  return (
    <>
      <PageHead title={t("nav.submit")}>
        <span className="grow" />
        <Segmented value={apps ? "app" : mode} onChange={(value) => turn(String(value))} options={[{ value: "form", label: t("submit.form") }, { value: "yaml", label: "YAML" }, { value: "app", label: t("apps") }]} />
      </PageHead>
      {apps ? <Apps chosen={search.get("app") ?? ""} onChoose={(app) => setSearch({ app })} /> : <JobFile mode={mode} />}
    </>
  );
}
