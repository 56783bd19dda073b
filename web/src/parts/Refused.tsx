// The hub's refusal of a job, in its words.
import { ApiError } from "../api/client";
import { useWords } from "../i18n";

export function Refused({ error }: { error: unknown }) {
  const { t } = useWords();
  if (!error) return null;
  const known = error instanceof ApiError ? error : new ApiError(-1, "unknown", String(error));
  return (
    <div className="note" data-tone="bad" role="alert" style={{ marginTop: 12 }} data-test="refused">
      {known.lost ? t("problem.lost.todo") : <><strong>{known.field && `${known.field}: `}</strong>{known.message}{known.whatToDo && <div>{known.whatToDo}</div>}</>}
    </div>
  );
}
