// Every value that the hub may send and a page shows has a word in both languages. The values are
// read where they are defined.
import { describe, expect, it } from "vitest";
import { words } from "../src/i18n/words";

const files = import.meta.glob<string>(["../../proto/suan/*.proto", "../../src/core/why.cpp", "../../src/api/views_jobs.cpp", "../../apps/*.yaml"], { query: "?raw", import: "default", eager: true });
const source = (path: string) => files[`../../${path}`]!;

function enumOf(name: string, prefix: string): string[] {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source("proto/suan/types.proto"))![1]!;
  return [...body.matchAll(/^\s*([A-Z_0-9]+) = (\d+)/gm)].filter((match) => match[2] !== "0").map((match) => match[1]!.slice(prefix.length).toLowerCase());
}
const commands = () => {
  const log = source("proto/suan/log.proto");
  const from = log.indexOf("message Command ");
  const body = log.slice(log.indexOf("oneof kind {", from), log.indexOf("}", log.indexOf("oneof kind {", from)));
  return [...body.matchAll(/^\s*\w+ (\w+) = \d+;/gm)].map((match) => match[1]!);
};
const waitReasons = () => [...source("src/core/why.cpp").matchAll(/(?:out\.code = |reason\(\s*)"(\w+)"/g)].map((match) => match[1]!);
const endReasons = () => [...source("src/api/views_jobs.cpp").matchAll(/"([A-Z][A-Za-z]+)"/g)].map((match) => match[1]!);
const lacking = (keys: string[]) => keys.filter((key) => !(key in words));

describe("every word", () => {
  it("of a reason to wait, and of its sentence, is there", () => {
    expect(waitReasons().length).toBeGreaterThan(10);
    expect(lacking(waitReasons().flatMap((code) => [`reason.${code}`, `said.${code}`]))).toEqual([]);
    expect(lacking(endReasons().map((code) => `reason.${code}`))).toEqual([]);
  });
  it("of every enum that a page shows is there", () => {
    const groups: [string, string, string][] = [
      ["state", "JobState", "JOB_STATE_"], ["state", "NodeState", "NODE_STATE_"], ["outcome", "LeaseOutcome", "LEASE_OUTCOME_"], ["stop", "StopReason", "STOP_REASON_"],
      ["tier", "Tier", "TIER_"], ["topology", "Topology", "TOPOLOGY_"], ["role", "Role", "ROLE_"], ["kind", "ChargeKind", "CHARGE_KIND_"],
      ["after", "DependencyKind", "DEPENDENCY_KIND_"], ["service", "Service", "SERVICE_"],
    ];
    for (const [group, name, prefix] of groups) {
      expect(enumOf(name, prefix).length, name).toBeGreaterThan(1);
      expect(lacking(enumOf(name, prefix).map((value) => `${group}.${value}`)), name).toEqual([]);
    }
  });
  it("of every command of the log is there", () => {
    expect(commands()).toContain("submit_job");
    expect(lacking(commands().map((command) => `command.${command}`))).toEqual([]);
  });
  it("of every platform of an app in apps/ is there", () => {
    for (const name of ["quantum", "train"]) {
      const platform = /^platform: (\w+)/m.exec(source(`apps/${name}.yaml`))![1];
      expect(lacking([`platform.${platform}`])).toEqual([]);
    }
  });
});
