// Times of the API (microseconds since 1970 UTC, 0: not yet) in the reader's zone and language.
import type { Wide } from "../api/types";
import { num } from "./units";

export function shortTime(us: Wide | undefined, locale: string, now = Date.now()): string {
  const ms = num(us) / 1_000;
  if (!ms) return "–";
  const sameDay = new Date(ms).toDateString() === new Date(now).toDateString();
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    ...(sameDay ? {} : { month: "short", day: "numeric" }),
    ...(sameYear ? {} : { year: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
  }).format(ms);
}

// With the zone, for the pointer that rests on a time.
export function fullTime(us: Wide | undefined, locale: string): string {
  const ms = num(us) / 1_000;
  if (!ms) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long", hour12: false }).format(ms);
}
