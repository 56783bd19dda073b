// The files that an attempt left in its own working folder. A large one comes in pieces.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { get } from "../api/client";
import type { Job, JobFile, JobFileList } from "../api/types";
import { useWords } from "../i18n";
import { bytes, num } from "../lib/units";
import { Card, Loaded, When } from "../parts/basics";
import { Button, Select } from "../parts/antd";
import { saveAs } from "./LogView";
import { Changed, fetchFile } from "./download";

const browser_bytes_max = 1 << 30; // of one download: it is put together in this browser
const shown_at_first = 20;

type Progress = { path: string; done: number; failed?: string };

function FileRow({ file, progress, onStart, onStop, job, attempt }: { file: JobFile; progress?: Progress; onStart: () => void; onStop: () => void; job: Job; attempt: number }) {
  const { t } = useWords();
  const size = num(file.bytes);
  const running = progress && progress.failed === undefined;
  return (
    <tr>
      <td className="wrap mono">{file.path}</td>
      <td className="right num" title={`${size.toLocaleString()} B`}>{bytes(size)}</td>
      <td className="wide-only"><When us={file.modified_us} /></td>
      <td className="right">
        {size > browser_bytes_max ? (
          <details><summary>{t("files.large")}</summary><code className="wrap">{`suan job files ${job.id} --attempt ${attempt} --get '${file.path.replaceAll("'", "'\\''")}' --output FILE`}</code></details>
        ) : running ? (
          <Button size="small" onClick={onStop} aria-label={`${t("files.stop")} ${file.path}`}>{`${size ? Math.floor((progress.done * 100) / size) : 0} % · ${t("files.stop")}`}</Button>
        ) : (
          <Button size="small" onClick={onStart} aria-label={`${t("download")} ${file.path}`}>{t("download")}</Button>
        )}
        {progress?.failed && <div className="wrong" role="alert">{progress.failed}</div>}
      </td>
    </tr>
  );
}

function FileTable({ job, list }: { job: Job; list: JobFileList }) {
  const { t, locale } = useWords();
  const [progress, setProgress] = useState<Progress>();
  const [whole, setWhole] = useState(false);
  const stop = useRef<AbortController>();
  const start = async (file: JobFile) => {
    stop.current?.abort();
    const mine = new AbortController();
    stop.current = mine;
    setProgress({ path: file.path, done: 0 });
    try {
      const blob = await fetchFile(job.id, list.attempt, file.path, (done) => !mine.signal.aborted && setProgress({ path: file.path, done }), mine.signal);
      saveAs(blob, file.path.slice(file.path.lastIndexOf("/") + 1));
      setProgress(undefined);
    } catch (error) {
      if (mine.signal.aborted) return;
      setProgress({ path: file.path, done: 0, failed: error instanceof Changed ? t("files.changed") : error instanceof Error ? error.message : String(error) });
    }
  };
  const stopNow = () => {
    stop.current?.abort();
    setProgress(undefined);
  };
  if (list.files.length === 0) return <p className="soft">{t(num(job.ended_us) ? "files.none" : "files.noneyet")}</p>;
  const shown = whole ? list.files : list.files.slice(0, shown_at_first);
  return (
    <div className="stack">
      <div className="scroll-x">
        <table className="list" data-test="files">
          <thead><tr><th>{t("files.path")}</th><th className="right">{t("files.size")}</th><th className="wide-only">{t("files.modified")}</th><th><span className="hidden-text">{t("actions")}</span></th></tr></thead>
          <tbody>
            {shown.map((file) => (
              <FileRow key={file.path} file={file} job={job} attempt={list.attempt} progress={progress?.path === file.path ? progress : undefined} onStart={() => void start(file)} onStop={stopNow} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < list.files.length && <div><Button size="small" onClick={() => setWhole(true)}>{t("files.all", { n: list.files.length.toLocaleString(locale) })}</Button></div>}
      {list.cut && <p className="faint" role="status">{t("files.cut", { n: list.files.length.toLocaleString(locale) })}</p>}
      {num(list.left_out) > 0 && <p className="faint">{t("files.leftout", { n: num(list.left_out).toLocaleString(locale) })}</p>}
    </div>
  );
}

export function FilesCard({ job }: { job: Job }) {
  const { t } = useWords();
  const attempts = num(job.attempts);
  const [attempt, setAttempt] = useState(0); // 0: the newest
  const query = useQuery({
    queryKey: ["job", String(job.id), "files", attempt],
    queryFn: ({ signal }) => get<JobFileList>(`/v1/jobs/${job.id}/files`, { attempt: attempt || undefined }, signal),
    enabled: attempts > 0,
    refetchInterval: num(job.ended_us) ? false : 15_000,
  });
  const choices = Array.from({ length: attempts }, (_, i) => ({ value: attempts - i, label: `${t("attempt")} ${attempts - i}` }));
  return (
    <Card
      title={t("files")} span={12} label={t("files")}
      extra={attempts > 1 && <Select size="small" aria-label={t("attempt")} value={attempt || attempts} onChange={(value) => setAttempt(value === attempts ? 0 : value)} options={choices} />}
    >
      {attempts === 0 ? <p className="soft">{t("files.noneyet")}</p> : <Loaded query={query} lines={2}>{(list) => <FileTable job={job} list={list} />}</Loaded>}
    </Card>
  );
}
