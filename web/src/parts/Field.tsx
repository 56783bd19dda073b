// A labelled field of a form, with what is wrong or what helps below it.
import type { ReactNode } from "react";

export function Field({ id, label, hint, wrong, wide, children }: { id: string; label: string; hint?: ReactNode; wrong?: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={`field${wide ? " wide" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {children}
      {wrong ? <span className="wrong" role="alert">{wrong}</span> : hint && <span className="hint">{hint}</span>}
    </div>
  );
}
