// Quantities of the API as people read them. Money and device time are whole numbers and stay so:
// BigInt, never a rounded float.
import type { Wide } from "../api/types";

export function big(value: Wide | undefined | null): bigint {
  return value === undefined || value === null || value === "" ? 0n : BigInt(value);
}
export function num(value: Wide | undefined | null): number {
  return Number(value ?? 0);
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

// "1,234.50": every digit that the bill has, at least two places. zh-CN and en group alike.
export function yuan(microYuan: Wide | bigint | undefined): string {
  const value = typeof microYuan === "bigint" ? microYuan : big(microYuan);
  const size = value < 0n ? -value : value;
  const whole = grouped((size / 1_000_000n).toString());
  const places = (size % 1_000_000n).toString().padStart(6, "0").replace(/0{1,4}$/, "");
  return `${value < 0n ? "-" : ""}${whole}.${places}`;
}

// "12.5" to 12500000n; null when it is no amount of at most six places.
export function parseYuan(text: string): bigint | null {
  const match = /^(-?)(\d{1,9}(?:,\d{3})*|\d+)(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) return null;
  const whole = BigInt(match[2]!.replaceAll(",", ""));
  const micro = whole * 1_000_000n + BigInt((match[3] ?? "").padEnd(6, "0") || "0");
  return match[1] ? -micro : micro;
}

export function count(value: Wide | undefined, locale: string): string {
  return new Intl.NumberFormat(locale).format(num(value));
}

// "512 B", "1.5 MiB": one place, cut, never rounded up.
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let size = value;
  for (; size >= 1_024 && at < units.length - 1; at += 1) size /= 1_024;
  return `${at === 0 ? size : (Math.floor(size * 10) / 10).toFixed(1)} ${units[at]}`;
}

// Milli-devices: "8", "0.5".
export function devices(milli: Wide | undefined, locale = "en"): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 3 }).format(num(milli) / 1_000);
}

// Milli-device-milliseconds as device hours, cut after four places as the command line does.
export function deviceHours(milliDeviceMs: Wide | bigint | undefined): string {
  const value = typeof milliDeviceMs === "bigint" ? milliDeviceMs : big(milliDeviceMs);
  const parts = (value * 10_000n) / (1_000n * 3_600_000n);
  return `${grouped((parts / 10_000n).toString())}.${(parts % 10_000n).toString().padStart(4, "0")}`;
}

// Of a service: transfers, or microseconds that a ledger is kept, as days with four places, cut.
export function ledgerDays(microseconds: Wide | undefined): string {
  const parts = (big(microseconds) * 10_000n) / 86_400_000_000n;
  return `${grouped((parts / 10_000n).toString())}.${(parts % 10_000n).toString().padStart(4, "0")}`;
}

// "1d 02:03:04"
export function span(ms: number): string {
  if (ms < 0) return "-";
  const seconds = Math.floor(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return days > 0 ? `${days}d ${clock}` : clock;
}

export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.floor((part * 1_000) / whole) / 10 : 0;
}

// What a lease of so many milli-devices costs: floor(use x price / (1000 x 3,600,000)).
export function costOf(milliDevices: number, ms: number, microYuanPerDeviceHour: Wide): bigint {
  return (BigInt(milliDevices) * BigInt(Math.floor(ms)) * big(microYuanPerDeviceHour)) / (1_000n * 3_600_000n);
}

// FP16 operations: device_gflops of each device, in PFLOPS with two places.
export function pflops(milliDevices: number, gflops: Wide): number {
  return Math.floor((milliDevices / 1_000) * num(gflops) / 10_000) / 100;
}
