// A price sheet while it is drafted: its rows, the lines that would be published, and the same as
// the text of a rules file (docs/rules/rules-file.md). Pure.
import type { PriceLine } from "../api/types";
import { tiers } from "../job/jobfile";
import { big, parseYuan, yuan } from "../lib/units";
import { sm3, toHex } from "../proof/sm3";

export interface PriceRow {
  pool: string; // empty: of a service
  tier: string;
  service: string; // "unspecified": none
  now: bigint | null; // the price in force
  text: string; // what was typed; empty: the price stays as it is
  micro: bigint | null | undefined; // null: stays, undefined: no price
}
export interface DraftLine {
  pool?: string;
  tier?: string;
  service?: string;
  micro_yuan_per_device_hour?: string;
  micro_yuan_per_unit?: string;
}

export const isService = (of: { service: string }) => of.service !== "" && of.service !== "unspecified";
const services = ["ledger_transfers", "ledger_time"];

// Every pool at every tier, then the services, with the prices in force.
export function rowsOf(current: PriceLine[], pools: string[]): PriceRow[] {
  const empty = { text: "", micro: null };
  const found = (match: (line: PriceLine) => boolean, price: (line: PriceLine) => bigint) => {
    const line = current.find(match);
    return line ? price(line) : null;
  };
  return [
    ...pools.flatMap((pool) =>
      tiers.map((tier) => ({ pool, tier, service: "unspecified", now: found((line) => !isService(line) && line.pool === pool && line.tier === tier, (line) => big(line.micro_yuan_per_device_hour)), ...empty })),
    ),
    ...services.map((service) => ({ pool: "", tier: "unspecified", service, now: found((line) => line.service === service, (line) => big(line.micro_yuan_per_unit)), ...empty })),
  ];
}

export function withText(row: PriceRow, text: string): PriceRow {
  const read = text.trim() === "" ? null : parseYuan(text);
  const micro = text.trim() === "" ? null : read === null || read < 0n ? undefined : read;
  return { ...row, text, micro };
}

// What was given a price. A version of the rules holds prices of devices alone.
export function draftLines(rows: PriceRow[], which: "all" | "devices"): DraftLine[] {
  return rows.flatMap((row): DraftLine[] => {
    if (row.micro === null || row.micro === undefined) return [];
    if (!isService(row)) return [{ pool: row.pool, tier: row.tier, micro_yuan_per_device_hour: String(row.micro) }];
    return which === "all" ? [{ service: row.service, micro_yuan_per_unit: String(row.micro) }] : [];
  });
}

// JSON's strings are YAML's too.
export function rulesText(version: string, lines: DraftLine[]): { text: string; sm3: string } {
  const prices = lines.map((line) => `  - {pool: ${JSON.stringify(line.pool)}, tier: ${line.tier}, yuan_per_device_hour: ${yuan(line.micro_yuan_per_device_hour).replaceAll(",", "")}}`);
  const text = `version: ${JSON.stringify(version)}\nprices:\n${prices.join("\n")}\n`;
  return { text, sm3: toHex(sm3(new TextEncoder().encode(text))) };
}
