import { describe, expect, it } from "vitest";
import type { PriceLine } from "../src/api/types";
import { draftLines, rowsOf, rulesText, withText } from "../src/pages/priceDraft";
import { sm3, toHex } from "../src/proof/sm3";

const line = (more: Partial<PriceLine>) => ({ line: 1, pool_id: 1, pool: "cpu", tier: "standard", micro_yuan_per_device_hour: 3_600_000, current: true, service: "unspecified", micro_yuan_per_unit: 0, ...more }) as PriceLine;
const rows = rowsOf([line({}), line({ pool: "", tier: "unspecified", service: "ledger_time", micro_yuan_per_device_hour: 0, micro_yuan_per_unit: "2400000" })], ["cpu", "npu"]);

describe("a drafted price sheet", () => {
  it("offers every pool at every tier and the services, so that a first sheet can be made too", () => {
    expect(rowsOf([], ["cpu"]).map((row) => `${row.pool}/${row.tier}/${row.service}`)).toEqual([
      "cpu/reserved/unspecified", "cpu/standard/unspecified", "cpu/spot/unspecified", "/unspecified/ledger_transfers", "/unspecified/ledger_time",
    ]);
    expect(rows.map((row) => row.now)).toEqual([null, 3_600_000n, null, null, null, null, null, 2_400_000n]);
  });
  it("publishes what was given a price, each in its own unit, and keeps the rest", () => {
    const drafted = rows.map((row, i) => (i === 1 ? withText(row, "4.50") : i === 7 ? withText(row, "0.000001") : row));
    expect(draftLines(drafted, "all")).toEqual([{ pool: "cpu", tier: "standard", micro_yuan_per_device_hour: "4500000" }, { service: "ledger_time", micro_yuan_per_unit: "1" }]);
    expect(draftLines(drafted, "devices")).toHaveLength(1);
    expect(draftLines(rows, "all")).toEqual([]);
  });
  it("knows what is no price", () => {
    for (const text of ["-1", "abc", "1.0000001"]) expect(withText(rows[0]!, text).micro).toBeUndefined();
    expect(withText(rows[0]!, " ").micro).toBeNull();
    expect(withText(rows[0]!, "0").micro).toBe(0n);
  });
  it("is a rules file whose hash the log will name; no name breaks out of it", () => {
    const { text, sm3: hash } = rulesText('a"\nprices: []', [{ pool: 'p"q', tier: "spot", micro_yuan_per_device_hour: "1234500000" }]);
    expect(text).toBe('version: "a\\"\\nprices: []"\nprices:\n  - {pool: "p\\"q", tier: spot, yuan_per_device_hour: 1234.50}\n');
    expect(hash).toBe(toHex(sm3(new TextEncoder().encode(text))));
  });
});
