// Job files (docs/formats/job.md) in the browser: one YAML document to a JobRequest, with a line for
// everything that is wrong. The hub decides in the end; this only says the same sooner.
import { isMap, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { JobRequest } from "../api/types";
import { parseYuan } from "../lib/units";

export interface Fault {
  line: number; // from 1; 0: of the whole
  field: string;
  code: "yaml" | "unknown" | "type" | "range" | "choice" | "span" | "money" | "needed" | "single";
  near?: string; // what may have been meant, or what would be right
}
export interface Parsed {
  request: JobRequest;
  faults: Fault[];
}

type Rule =
  | { kind: "text" | "span" | "money" | "bytes" | "time"; to: string }
  | { kind: "number"; to: string; min: number; max: number }
  | { kind: "choice"; to: string; of: string[] }
  | { kind: "flag"; to: string }
  | { kind: "own" };

export const tiers = ["reserved", "standard", "spot"];
export const topologies = ["any", "one_rack", "one_node"];
const rules: Record<string, Rule> = {
  org: { kind: "text", to: "org" }, project: { kind: "text", to: "project" }, pool: { kind: "text", to: "pool" },
  name: { kind: "text", to: "name" }, tier: { kind: "choice", to: "tier", of: tiers },
  tasks: { kind: "number", to: "tasks", min: 1, max: 65_536 }, tasks_min: { kind: "number", to: "tasks_min", min: 1, max: 65_536 },
  devices_per_task: { kind: "number", to: "devices_per_task", min: 1, max: 64 }, milli_per_device: { kind: "number", to: "milli_per_device", min: 1, max: 1_000 },
  topology: { kind: "choice", to: "topology", of: topologies }, topology_wait: { kind: "span", to: "topology_wait_ms" },
  walltime: { kind: "span", to: "walltime_ms" }, grace: { kind: "span", to: "grace_ms" }, checkpoint_interval: { kind: "span", to: "checkpoint_interval_ms" },
  priority: { kind: "number", to: "priority", min: -2_147_483_648, max: 2_147_483_647 }, after: { kind: "own" }, retries: { kind: "number", to: "retries", min: 0, max: 100 },
  begin: { kind: "time", to: "begin_time_us" }, held: { kind: "flag", to: "held" }, bid: { kind: "money", to: "bid_micro_yuan" }, array: { kind: "own" },
  script: { kind: "text", to: "script" }, argv: { kind: "own" }, environment: { kind: "own" },
  working_dir: { kind: "text", to: "working_dir" }, stdout: { kind: "text", to: "stdout_pattern" }, stderr: { kind: "text", to: "stderr_pattern" },
  launcher: { kind: "choice", to: "launcher", of: ["first_node", "process_per_task"] },
  cpus_per_task: { kind: "number", to: "cpus_per_task", min: 1, max: 65_536 }, memory: { kind: "bytes", to: "memory_bytes" }, sim: { kind: "own" },
};
export const fields = Object.keys(rules);

// "90s", "45m", "1h30m", "2d", "250ms", "01:30:00", or a number of seconds; milliseconds, null when it is none.
export function spanMs(value: unknown): number | null {
  if (typeof value === "number") return value >= 0 ? Math.round(value * 1_000) : null;
  if (typeof value !== "string") return null;
  const text = value.trim();
  const clock = /^(?:(\d+):)?(\d+):(\d{2})$/.exec(text);
  if (clock) return ((Number(clock[1] ?? 0) * 60 + Number(clock[2])) * 60 + Number(clock[3])) * 1_000;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d+(?:ms|s|m|h|d))+$/.test(text)) return null;
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
}

export function bytesOf(value: unknown): number | null {
  const match = /^(\d+)([KMGT])?i?B?$/.exec(String(value));
  return match ? Number(match[1]) * 1_024 ** (match[2] ? "KMGT".indexOf(match[2]) + 1 : 0) : null;
}

export function timeUs(value: unknown, now: number): number | null {
  const relative = /^now\+(.+)$/.exec(String(value));
  const span = relative ? spanMs(relative[1]) : null;
  if (relative) return span === null ? null : (now + span) * 1_000;
  const ms = Date.parse(String(value));
  return Number.isNaN(ms) ? null : ms * 1_000;
}

// "0-19%4", "1,3,5-9:2"
export function arrayOf(value: unknown): { indices: number[]; running_max: number } | null {
  const [list, most] = String(value).split("%");
  if (most !== undefined && !/^\d+$/.test(most)) return null;
  const indices = new Set<number>();
  for (const part of list!.split(",")) {
    const range = /^(\d+)(?:-(\d+)(?::([1-9]\d*))?)?$/.exec(part);
    if (!range) return null;
    const [from, to, step] = [Number(range[1]), Number(range[2] ?? range[1]), Number(range[3] ?? 1)];
    if (to < from || (to - from) / step + indices.size > 100_000) return null;
    for (let i = from; i <= to; i += step) indices.add(i);
  }
  return { indices: [...indices].sort((a, b) => a - b), running_max: Number(most ?? 0) };
}

// The field that is spelt most alike, if any is.
export function nearest(name: string): string | undefined {
  const distance = (a: string, b: string) => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      row = next;
    }
    return row[b.length]!;
  };
  const [best] = fields.map((field) => ({ field, far: distance(name, field) })).sort((a, b) => a.far - b.far);
  return best && best.far <= 2 ? best.field : undefined;
}

type Put = (field: string, value: unknown) => Omit<Fault, "line" | "field"> | null;

function ownField(field: string, value: unknown, out: Record<string, unknown>): ReturnType<Put> {
  const texts = (list: unknown) => Array.isArray(list) && list.every((item) => ["string", "number"].includes(typeof item));
  if (field === "argv") {
    if (!texts(value)) return { code: "type", near: "[python3, train.py]" };
    out["argv"] = (value as unknown[]).map(String);
  } else if (field === "environment") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { code: "type", near: "NAME: value" };
    out["environment"] = Object.entries(value).map(([name, text]) => ({ name, value: String(text ?? "") }));
  } else if (field === "array") {
    const array = arrayOf(value);
    if (!array) return { code: "type", near: "0-19%4" };
    out["array"] = array;
  } else if (field === "after") {
    const list = (Array.isArray(value) ? value : [value]).map((one) => (typeof one === "object" && one !== null ? one : { job: one })) as { job?: unknown; kind?: unknown }[];
    if (!list.every((one) => Number.isInteger(one.job) && ["afterok", "afternotok", "afterany", undefined].includes(one.kind as string | undefined))) return { code: "type", near: "[{job: 12, kind: afterok}]" };
    out["after"] = list.map((one) => ({ job_id: one.job, kind: one.kind ?? "afterok" }));
  } else if (field === "sim") {
    const sim = value as { duration?: unknown; exit_code?: unknown } | null;
    const ms = spanMs(sim?.duration);
    if (ms === null) return { code: "span", near: "{duration: 1h}" };
    out["sim_duration_ms"] = ms;
    if (sim?.exit_code !== undefined) out["sim_exit_code"] = Number(sim.exit_code);
  }
  return null;
}

function putField(rule: Rule, field: string, value: unknown, out: Record<string, unknown>, now: number): ReturnType<Put> {
  const put = (to: string, read: unknown, code: Fault["code"], near: string) => {
    if (read === null) return { code, near };
    out[to] = read;
    return null;
  };
  switch (rule.kind) {
    case "text":
      return put(rule.to, typeof value === "string" ? value : typeof value === "number" ? String(value) : null, "type", "text");
    case "flag":
      return put(rule.to, typeof value === "boolean" ? value : null, "type", "true, false");
    case "choice":
      return put(rule.to, rule.of.includes(String(value)) ? value : null, "choice", rule.of.join(", "));
    case "number":
      return put(rule.to, Number.isInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max ? value : null, "range", `${rule.min} … ${rule.max}`);
    case "span":
      return put(rule.to, spanMs(value), "span", "90s, 45m, 1h30m, 2d");
    case "bytes":
      return put(rule.to, bytesOf(value), "type", "512M, 4G");
    case "time":
      return put(rule.to, timeUs(value, now), "type", "2026-12-01T08:00, now+90m");
    case "money": {
      const micro = parseYuan(String(value));
      return put(rule.to, micro === null || micro < 0n ? null : Number(micro), "money", "1.50");
    }
    case "own":
      return ownField(field, value, out);
  }
}

export function parseJobFile(text: string, now = Date.now()): Parsed {
  const lines = new LineCounter();
  const faults: Fault[] = [];
  const out: Record<string, unknown> = {};
  if (/^---\s*$[\s\S]*^---\s*$/m.test(text.trim()) || /\S[\s\S]*^---\s*$[\s\S]*\S/m.test(text)) faults.push({ line: 0, field: "", code: "single" });
  const document: Document = parseDocument(text.split(/^---\s*$/m).find((part) => part.trim()) ?? "", { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) faults.push({ line: lines.linePos(error.pos[0]).line, field: "", code: "yaml", near: error.message });
  if (document.errors.length) return { request: {}, faults };
  if (!isMap(document.contents)) {
    return { request: {}, faults: text.trim() ? [...faults, { line: 1, field: "", code: "type", near: "name: value" }] : faults };
  }
  for (const pair of document.contents.items) {
    const field = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const line = isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : 0;
    const rule = rules[field];
    if (!rule) {
      faults.push({ line, field, code: "unknown", near: nearest(field) });
      continue;
    }
    const value = pair.value && "toJSON" in (pair.value as object) ? (pair.value as { toJSON: () => unknown }).toJSON() : null;
    if (value === null || value === undefined) continue;
    const fault = putField(rule, field, value, out, now);
    if (fault) faults.push({ line, field, ...fault });
  }
  return { request: out as JobRequest, faults };
}

// The text with one field set (or taken out); comments and order stay.
export function withField(text: string, field: string, value: unknown): string {
  const document = parseDocument(text);
  if (document.errors.length) return text;
  if (value === undefined || value === "") document.delete(field);
  else if (document.contents === null) return document.createNode({ [field]: value }) && new DocumentText({ [field]: value }).text;
  else document.set(field, value);
  return document.contents === null || (isMap(document.contents) && document.contents.items.length === 0) ? "" : document.toString({ lineWidth: 0 });
}

class DocumentText {
  readonly text: string;
  constructor(value: Record<string, unknown>) {
    const document = parseDocument("{}");
    document.contents = document.createNode(value) as never;
    this.text = document.toString({ lineWidth: 0 });
  }
}

export function textOf(draft: Record<string, unknown>): string {
  return new DocumentText(draft).text;
}
