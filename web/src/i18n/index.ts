// Both languages lie side by side (words.ts), so that none can lack a word. Chinese first when the
// browser says so; a choice is kept.
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import type { Wide } from "../api/types";
import { count, deviceHours, ledgerDays } from "../lib/units";
import { words } from "./words";

export type Word = keyof typeof words;
export type Language = "zh-CN" | "en";
export const languages: Language[] = ["zh-CN", "en"];

const kept = "suan.language";

function table(place: 0 | 1) {
  return Object.fromEntries(Object.entries(words).map(([key, pair]) => [key, pair[place]]));
}

function first(): Language {
  try {
    const chosen = localStorage.getItem(kept);
    if (chosen === "zh-CN" || chosen === "en") return chosen;
  } catch {
    // No storage: the browser's language decides each time.
  }
  return navigator.languages.some((name) => name.toLowerCase().startsWith("zh")) ? "zh-CN" : "en";
}

export async function startLanguage(language: Language = first()) {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false }, // React escapes
    resources: { en: { translation: table(0) }, "zh-CN": { translation: table(1) } },
  });
  document.documentElement.lang = language;
}

export async function speak(language: Language) {
  try {
    localStorage.setItem(kept, language);
  } catch {
    // As above.
  }
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

export function useWords() {
  const { t, i18n } = useTranslation();
  return {
    t: t as (word: Word, values?: Record<string, string | number>) => string,
    locale: i18n.language as Language,
  };
}

// Who pays, as the API names it: the org's own money, or a voucher with its funder.
export function usePayer() {
  const { t } = useWords();
  return (payer: string) => {
    const voucher = /^voucher (\d+)(?: of (.*))?$/s.exec(payer);
    if (payer === "own money") return t("payer.own");
    return voucher ? t(voucher[2] ? "payer.voucher" : "payer.voucher.gone", { id: voucher[1]!, funder: voucher[2] ?? "" }) : payer;
  };
}

// What a charge measures, in its own unit; and what one price is for.
export function useMeasures() {
  const { t, locale } = useWords();
  return {
    used: (of: { service: string; milli_device_ms: Wide; quantity: Wide }) =>
      of.service === "ledger_transfers" ? `${count(of.quantity, locale)} ${t("unit.transfers")}` : of.service === "ledger_time" ? `${ledgerDays(of.quantity)} ${t("unit.days")}` : `${deviceHours(of.milli_device_ms)} ${t("unit.hours")}`,
    per: (service: string) => t(service === "ledger_transfers" ? "per.transfers" : service === "ledger_time" ? "per.day" : "perhour"),
  };
}

// A word made of a fixed beginning and a value of the API, the value itself where there is none.
export function useNames() {
  const { t } = useTranslation();
  return (group: string, value: string) => {
    const key = `${group}.${value}`;
    return key in words ? (t as (k: string) => string)(key) : value;
  };
}
