import { useAccuracy } from "../api/queries";
import { useWords } from "../i18n";
import { count, num, percent } from "../lib/units";

// How often such windows held: beside a forecast, so that it can be weighed.
export function Reliability() {
  const { t, locale } = useWords();
  const stats = useAccuracy().data;
  if (!stats || num(stats.scored) === 0) return null;
  const share = (part: number | string) => percent(num(part), num(stats.scored));
  return <p className="faint" data-test="reliability">{t("window.accuracy", { n: count(stats.scored, locale), p50: share(stats.by_p50), p90: share(stats.by_p90) })}</p>;
}
