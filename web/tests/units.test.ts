import { describe, expect, it } from "vitest";
import { words } from "../src/i18n/words";
import { bytes, costOf, deviceHours, ledgerDays, parseYuan, pflops, span, yuan } from "../src/lib/units";
import { chargesByDay, daysLeft, forecastDays, leftByDay } from "../src/pages/burn";
import type { Usage } from "../src/api/types";
import { nextPlace } from "../src/shell/SignIn";

describe("money", () => {
  it("is shown to the last digit that the bill has", () => {
    expect(yuan(1_234_500_000)).toBe("1,234.50");
    expect(yuan(1)).toBe("0.000001");
    expect(yuan(-1_050_000)).toBe("-1.05");
    expect(yuan(0)).toBe("0.00");
    expect(yuan("9223372036854775807")).toBe("9,223,372,036,854.775807");
  });
  it("is read as it is shown, and nothing is rounded", () => {
    for (const micro of [0n, 1n, 1_234_567n, 999_999_999_999n, -1_050_000n]) expect(parseYuan(yuan(micro))).toBe(micro);
    for (const text of ["", "1.0000001", "1e3", "abc", "1.", ".5"]) expect(parseYuan(text)).toBeNull();
  });
  it("is computed by the rule of the bill: rounded down once", () => {
    expect(costOf(1_000, 3_600_000, 3_600_000)).toBe(3_600_000n);
    expect(costOf(500, 1, 1_000_000)).toBe(0n);
    expect(costOf(8_000, 7, "1000001")).toBe((8_000n * 7n * 1_000_001n) / 3_600_000_000n);
  });
  it("lasts as long as the last week's pace says", () => {
    const days = [...Array.from({ length: 23 }, () => 0n), ...Array.from({ length: 7 }, () => 10n)];
    expect(daysLeft(100n, days)).toBe(10);
    expect(daysLeft(-1n, days)).toBe(0);
    expect(daysLeft(100n, days.map(() => 0n))).toBeNull();
  });
  it("burns down day by day, and on at the same pace until nothing is left", () => {
    const days = [...Array.from({ length: 28 }, () => 0n), 3n, 4n];
    expect(leftByDay(10n, days).slice(-4)).toEqual([17n, 17n, 14n, 10n]);
    expect(forecastDays(3n, days)).toEqual([2n, 1n, 0n]);
    expect(forecastDays(1_000n, days)).toHaveLength(30);
    expect(forecastDays(10n, days.map(() => 0n))).toEqual([]);
  });
  it("is summed by the reader's days, to the micro-yuan, over all pools and services", () => {
    const now = new Date(2026, 10, 22, 15, 30).getTime();
    const step = 4 * 3_600_000;
    const from = new Date(2026, 10, 21, 12, 0).getTime();
    const series = (micro: (number | string)[]) => ({ pool: "p", tier: "standard", milli_device_ms: micro.map(() => 0), micro_yuan: micro });
    const usage = { from_us: from * 1_000, step_ms: step, steps: 5, series: [series([1, 2, 4, 0, 8]), series([0, 0, 0, "9007199254740993", 0])] } as unknown as Usage;
    // Noon, 16 h and 20 h of the day before; midnight and 4 h of today.
    expect(chargesByDay(usage, now).slice(-3)).toEqual([0n, 7n, 9_007_199_254_741_001n]);
  });
});

it("time of a ledger is days, cut after four places", () => {
  expect(ledgerDays(86_400_000_000)).toBe("1.0000");
  expect(ledgerDays("172799999999")).toBe("1.9999");
});

it("bytes are cut to one place, never rounded up", () => {
  expect([0, 1_023, 1_024, 1_587, 9_000_001, (1 << 30) - 1, 5 * 2 ** 40].map(bytes)).toEqual(["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "8.5 MiB", "1023.9 MiB", "5.0 TiB"]);
});
it("spans, device hours and PFLOPS read as on the command line", () => {
  expect(span(93_784_000)).toBe("1d 02:03:04");
  expect(span(-1)).toBe("-");
  expect(deviceHours(43_212_239_999)).toBe("12.0033");
  expect(pflops(400_000, 256_000)).toBe(102.4);
});

it("the way after the sign-in never leads to another site", () => {
  expect(nextPlace("/jobs/7?x=1")).toBe("/jobs/7?x=1");
  for (const text of [null, "", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) expect(nextPlace(text)).toBe("/");
});

it("every word is there in both languages with the same blanks", () => {
  const blanks = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
  for (const [key, [en, zh]] of Object.entries(words)) {
    expect(en, key).not.toBe("");
    expect(zh, key).not.toBe("");
    expect(blanks(zh), key).toEqual(blanks(en));
  }
});
