import { describe, expect, it } from "vitest";
import { byPlatform, faultsOf, formOf, input_bytes_max, wordOf, type App } from "../src/job/apps";

const app: App = {
  name: "demo", title: { en: "Demo", zh: "演示" }, program: "suan-demo", devices: 0, result: { format: "json" }, artefacts: [],
  parameters: [
    { name: "input", type: "files", required: true, suffix: ".qasm", title: { en: "Input" } },
    { name: "one", type: "file", required: false, title: { en: "One" } },
    { name: "shots", type: "integer", required: false, default: "10", min: 1, max: 100, title: { en: "Shots" } },
    { name: "rate", type: "number", required: false, min: 0, title: { en: "Rate" } },
    { name: "kind", type: "choice", required: false, choices: ["a", "b"], title: { en: "Kind" } },
    { name: "model", type: "name", required: true, default: "x", title: { en: "Model" } },
    { name: "text", type: "text", required: false, title: { en: "Text" } },
  ],
};
const file = (name: string, size = 3) => ({ name, bytes: new Uint8Array(size).fill(255) });
const faults = (texts: Record<string, string>, files: Record<string, ReturnType<typeof file>[]> = { input: [file("a")] }) =>
  faultsOf(app, { texts, files }).map((fault) => `${fault.parameter}: ${fault.code}`);

// The same table as the hub's: App.wrong_values_are_refused_by_name (src/bin/app_request_test.cpp).
describe("values of an app", () => {
  it("are taken when they fit, and defaults fill what is required", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ shots: "100", rate: "1e-3", kind: "b", model: "llama3-70b", text: "$(reboot) `x`" })).toEqual([]);
  });
  it("are told apart by what is wrong", () => {
    expect(faults({}, {})).toEqual(["input: required"]);
    for (const shots of ["0", "101", "1e2", "1.5", "x", " 1", "99999999999999999999"]) expect(faults({ shots })).toEqual(["shots: integer"]);
    for (const rate of ["-1", "x", "1e999", "0x10", "."]) expect(faults({ rate })).toEqual(["rate: number"]);
    expect(faults({ kind: "c" })).toEqual(["kind: choice"]);
    for (const model of ["-n", ".ssh", "a b", "../x", "x".repeat(65)]) expect(faults({ model })).toEqual(["model: name"]);
    expect(faults({ text: "a\nb" })).toEqual(["text: control"]);
    expect(faults({ text: "算".repeat(1_400) })).toEqual(["text: long"]);
    expect(faults({ text: "x".repeat(4_096) })).toEqual([]);
    expect(faults({}, { input: [file("a")], one: [file("b"), file("c")] })).toEqual(["one: onefile"]);
    expect(faults({}, { input: [file("a", input_bytes_max), file("b", 1)] })).toEqual(["input: large"]);
  });
  it("become the body of a request: files as hexadecimal digits, nothing for what is empty", () => {
    const form = formOf(app, { texts: { shots: "7", text: "" }, files: { input: [{ name: "a.qasm", bytes: new Uint8Array([0, 15, 255]) }] } });
    expect(form).toEqual({ values: [{ name: "input", files: [{ name: "a.qasm", content: "000fff" }] }, { name: "shots", text: "7" }] });
  });
});

it("apps stand by platform, those of none last", () => {
  const of = (name: string, platform?: string) => ({ ...app, name, platform });
  expect(byPlatform([of("z"), of("q", "quantum"), of("t", "training"), of("r", "quantum")]).map(([p, group]) => [p, group.map((one) => one.name)])).toEqual([
    ["quantum", ["q", "r"]], ["training", ["t"]], ["", ["z"]],
  ]);
});

it("a title without Chinese falls back to English", () => {
  expect(wordOf({ en: "Shots" }, "zh-CN")).toBe("Shots");
  expect(wordOf({ en: "Shots", zh: "次数" }, "zh-CN")).toBe("次数");
  expect(wordOf(undefined, "en")).toBe("");
});
