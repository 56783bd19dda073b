// Apps (docs/formats/app.md) as forms. The hub packs and checks; this says the same sooner.

export interface Bilingual {
  en: string;
  zh?: string;
}
export interface AppParameter {
  name: string;
  type: "name" | "text" | "integer" | "number" | "choice" | "file" | "files";
  required: boolean;
  default?: string;
  min?: number;
  max?: number;
  choices?: string[];
  suffix?: string;
  title: Bilingual;
  help?: Bilingual;
}
export interface App {
  name: string;
  title: Bilingual;
  program: string;
  devices: number;
  platform?: string;
  engine?: string;
  pool?: string;
  walltime?: string;
  parameters: AppParameter[];
  result: { format: string; file?: string; schema?: string };
  artefacts: string[];
}
export interface InputFile {
  name: string;
  bytes: Uint8Array;
}
// What stands in the fields: texts, and for file and files what was read.
export interface AppValues {
  texts: Record<string, string>;
  files: Record<string, InputFile[]>;
}
export interface AppFault {
  parameter: string;
  code: "required" | "integer" | "number" | "choice" | "name" | "long" | "control" | "onefile" | "large";
  near?: string;
}

// A request of the hub holds 8 MiB, and files travel as hexadecimal digits.
export const input_bytes_max = (8 * 1024 * 1024) / 2 - 64 * 1024;
const value_bytes_max = 4_096;

export const takesFiles = (p: AppParameter) => p.type === "file" || p.type === "files";
export const wordOf = (text: Bilingual | undefined, locale: string) => (locale.startsWith("zh") ? text?.zh || text?.en : text?.en) ?? "";

function rangeOf(p: AppParameter): string {
  const parts = [p.min !== undefined ? `≥ ${p.min}` : "", p.max !== undefined ? `≤ ${p.max}` : ""];
  return parts.filter(Boolean).join(", ");
}
function inRange(p: AppParameter, value: number): boolean {
  return !(p.min !== undefined && value < p.min) && !(p.max !== undefined && value > p.max);
}

// What is wrong with a value that is not empty.
function faultIn(p: AppParameter, value: string): Omit<AppFault, "parameter"> | null {
  if (new TextEncoder().encode(value).length > value_bytes_max) return { code: "long", near: String(value_bytes_max) };
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) return { code: "control" };
  if (p.type === "integer" && !(/^-?\d{1,18}$/.test(value) && inRange(p, Number(value)))) return { code: "integer", near: rangeOf(p) };
  if (p.type === "number" && !(/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) && Number.isFinite(Number(value)) && inRange(p, Number(value)))) return { code: "number", near: rangeOf(p) };
  if (p.type === "choice" && !p.choices?.includes(value)) return { code: "choice", near: p.choices?.join(", ") };
  if (p.type === "name" && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(value)) return { code: "name" };
  return null;
}

export function faultsOf(app: App, values: AppValues): AppFault[] {
  const faults: AppFault[] = [];
  let bytes = 0;
  for (const p of app.parameters) {
    if (takesFiles(p)) {
      const files = values.files[p.name] ?? [];
      for (const file of files) bytes += file.bytes.length;
      if (p.required && files.length === 0) faults.push({ parameter: p.name, code: "required" });
      else if (p.type === "file" && files.length > 1) faults.push({ parameter: p.name, code: "onefile" });
      else if (files.length > 0 && bytes > input_bytes_max) faults.push({ parameter: p.name, code: "large" });
      continue;
    }
    const value = values.texts[p.name] ?? "";
    const fault = value === "" ? (p.required && !p.default ? { code: "required" as const } : null) : faultIn(p, value);
    if (fault) faults.push({ parameter: p.name, ...fault });
  }
  return faults;
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

interface FieldValue {
  name: string;
  text?: string;
  files?: { name: string; content: string }[];
}

// The body of POST /v1/apps/NAME/job.
export function formOf(app: App, values: AppValues): { values: FieldValue[] } {
  return {
    values: app.parameters.flatMap((p): FieldValue[] => {
      if (!takesFiles(p)) return values.texts[p.name] ? [{ name: p.name, text: values.texts[p.name] }] : [];
      const files = values.files[p.name] ?? [];
      return files.length ? [{ name: p.name, files: files.map((file) => ({ name: file.name, content: hex(file.bytes) })) }] : [];
    }),
  };
}

export function byPlatform(apps: App[]): [string, App[]][] {
  const groups = new Map<string, App[]>();
  for (const app of apps) groups.set(app.platform ?? "", [...(groups.get(app.platform ?? "") ?? []), app]);
  return [...groups].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a.localeCompare(b)));
}
