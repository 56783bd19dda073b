// How fast money goes. Whole micro-yuan; the chart alone is drawn in floating point. Pure.
import type { Usage } from "../api/types";
import { big, num } from "../lib/units";

export const day_ms = 86_400_000;
const days_shown = 30;
const days_ahead_max = 30;

// What was charged on each of the last thirty days, today last. A step of the hub belongs to the
// day in which it begins.
export function chargesByDay(usage: Usage, now: number): bigint[] {
  const days = Array.from({ length: days_shown }, () => 0n);
  const today = new Date(now).setHours(0, 0, 0, 0);
  for (const series of usage.series) {
    series.micro_yuan.forEach((value, i) => {
      const at = num(usage.from_us) / 1_000 + i * num(usage.step_ms);
      const ago = Math.round((today - new Date(at).setHours(0, 0, 0, 0)) / day_ms);
      const place = days_shown - 1 - Math.min(days_shown - 1, Math.max(0, ago));
      days[place] = days[place]! + big(value);
    });
  }
  return days;
}

// Days until `left` is used up at the pace of the last seven days; null when nothing is used.
export function daysLeft(left: bigint, days: bigint[]): number | null {
  const week = days.slice(-7).reduce((sum, value) => sum + value, 0n);
  if (week <= 0n) return null;
  return left <= 0n ? 0 : Number((left * 70n) / week) / 10;
}

// What could be spent at the end of each day, as if no money had come in since.
export function leftByDay(left: bigint, days: bigint[]): bigint[] {
  const out = [...days];
  let at = left;
  for (let i = days.length - 1; i >= 0; i--) {
    out[i] = at;
    at += days[i]!;
  }
  return out;
}

// The same for the days to come, until nothing is left, thirty at most.
export function forecastDays(left: bigint, days: bigint[]): bigint[] {
  const week = days.slice(-7).reduce((sum, value) => sum + value, 0n);
  const out: bigint[] = [];
  if (week <= 0n) return out;
  for (let i = 1n; out.length < days_ahead_max; i++) {
    const then = left - (week * i) / 7n;
    out.push(then > 0n ? then : 0n);
    if (then <= 0n) break;
  }
  return out;
}
