import { describe, expect, it } from "vitest";
import { arrayOf, nearest, parseJobFile, spanMs, textOf, withField } from "../src/job/jobfile";
import { Lines, readMetrics, readProgress, type Curves } from "../src/job/output";

describe("a job file", () => {
  it("becomes the request that the command line makes of it", () => {
    const { request, faults } = parseJobFile(`
name: train           # ours
project: vision
tasks: 4
devices_per_task: 8
walltime: 1h30m
checkpoint_interval: 10m
after: [{job: 12, kind: afterany}, 13]
array: 0-9:3%2
bid: 1.25
environment: {A: x, B: 2}
memory: 4G
sim: {duration: 1h, exit_code: 3}
script: |
  #!/bin/bash
  echo
`);
    expect(faults).toEqual([]);
    expect(request).toEqual({
      name: "train", project: "vision", tasks: 4, devices_per_task: 8, walltime_ms: 5_400_000, checkpoint_interval_ms: 600_000,
      after: [{ job_id: 12, kind: "afterany" }, { job_id: 13, kind: "afterok" }], array: { indices: [0, 3, 6, 9], running_max: 2 }, bid_micro_yuan: 1_250_000,
      environment: [{ name: "A", value: "x" }, { name: "B", value: "2" }], memory_bytes: 4 * 1_024 ** 3, sim_duration_ms: 3_600_000, sim_exit_code: 3, script: "#!/bin/bash\necho\n",
    });
  });
  it("is refused by line and field, with what would be right", () => {
    const { faults } = parseJobFile("name: a\nwalltme: 1h\ntasks: 0\ntier: cheap\nwalltime: soon\n");
    expect(faults).toMatchObject([
      { line: 2, field: "walltme", code: "unknown", near: "walltime" },
      { line: 3, field: "tasks", code: "range" },
      { line: 4, field: "tier", code: "choice", near: "reserved, standard, spot" },
      { line: 5, field: "walltime", code: "span" },
    ]);
  });
  it("that is no YAML, no mapping or several jobs says so", () => {
    expect(parseJobFile("a: [1").faults[0]).toMatchObject({ line: 1, code: "yaml" });
    expect(parseJobFile("- a\n").faults[0]).toMatchObject({ code: "type" });
    expect(parseJobFile("name: a\n---\nname: b\n").faults[0]).toMatchObject({ code: "single" });
    expect(parseJobFile("a: 1\na: 2").faults[0]).toMatchObject({ code: "yaml" });
  });
  it("keeps comments and order when the form sets a field", () => {
    const text = "# mine\nname: a\ntasks: 1 # one\n";
    expect(withField(text, "tasks", 3)).toBe("# mine\nname: a\ntasks: 3 # one\n");
    expect(withField(text, "pool", "big")).toContain("pool: big");
    expect(withField(text, "tasks", "")).toBe("# mine\nname: a\n");
    expect(parseJobFile(withField("", "name", "b")).request).toEqual({ name: "b" });
  });
  it("made of a draft is read back the same", () => {
    expect(parseJobFile(textOf({ name: "yes", script: "#!/bin/sh\n: 1\n", argv: ["a", "-b"] })).request).toEqual({ name: "yes", script: "#!/bin/sh\n: 1\n", argv: ["a", "-b"] });
  });
});

it("spans and arrays are those of docs/formats/job.md", () => {
  expect([spanMs("90s"), spanMs("45m"), spanMs("2d"), spanMs("01:30:00"), spanMs("30:00"), spanMs(5), spanMs("250ms")]).toEqual([90_000, 2_700_000, 172_800_000, 5_400_000, 1_800_000, 5_000, 250]);
  for (const text of ["", "1x", "h", "-1s", "1h 30m"]) expect(spanMs(text)).toBeNull();
  expect(arrayOf("1,3,5-9:2")!.indices).toEqual([1, 3, 5, 7, 9]);
  for (const text of ["", "a", "5-1", "1-9:0", "0-9999999"]) expect(arrayOf(text)).toBeNull();
  expect(nearest("walltme")).toBe("walltime");
  expect(nearest("nonsense_field")).toBeUndefined();
});

describe("output", () => {
  it("is lines, however it is cut", () => {
    const lines = new Lines();
    for (const piece of ["ab", "c\nde", "f\r\n", "10%\r20%\n", "end"]) lines.add(piece);
    expect(lines.all()).toEqual(["abc", "def", "20%", "end"]);
  });
  it("tells the numbers of training and its progress", () => {
    const curves: Curves = new Map();
    readMetrics("step 10: loss=0.5 acc: 0.25 gpu=3", curves, 1);
    readMetrics('{"step": 20, "loss": 0.4}', curves, 2);
    expect(curves.get("loss")).toEqual([{ step: 10, value: 0.5 }, { step: 20, value: 0.4 }]);
    expect(curves.get("acc")).toEqual([{ step: 10, value: 0.25 }]);
    expect(curves.has("gpu")).toBe(false);
    expect(readProgress('suan-progress {"fraction":0.4,"message":"half"}')).toEqual({ fraction: 0.4, message: "half" });
    for (const line of ["suan-progress {", 'suan-progress {"fraction":2}', "progress"]) expect(readProgress(line)).toBeNull();
  });
});
