// A token becomes a cookie that no script can read; the token itself is not kept. A link with a
// one-time code does the same without typing, but asks first where somebody is signed in: a link
// that another sent must not put one's next job into the other's account.
import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "../parts/antd";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useNavigate, useSearchParams } from "react-router-dom";
import { ApiError, get, send } from "../api/client";
import type { Whoami } from "../api/types";
import { speak, useWords } from "../i18n";

// A path of this site only: "//evil.example" is another's, and so is what becomes it when a browser
// leaves out tabs and line ends.
export function nextPlace(text: string | null): string {
  return text && /^\/(?![/\\])[^\u0000-\u001f]*$/.test(text) ? text : "/";
}

export function SignIn() {
  const { t, locale } = useWords();
  const [token, setToken] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const redeemed = useRef(false);
  const [held, setHeld] = useState<{ code: string; who: string } | null>(null);

  const enter = async (body: { token?: string; code?: string }) => {
    setBusy(true);
    setError(null);
    try {
      await send("POST", "/v1/session", body);
      client.clear();
      navigate(nextPlace(search.get("next")), { replace: true });
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(-1, "unknown", String(failure)));
      setBusy(false);
    }
  };
  useEffect(() => {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    if (!code || redeemed.current) return;
    redeemed.current = true; // a code is good once
    history.replaceState(null, "", location.pathname + location.search);
    get<Whoami>("/v1/whoami").then(
      ({ member }) => setHeld({ code, who: member }),
      () => enter({ code }),
    );
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) void enter({ token: token.trim() });
  };
  const other = locale === "en" ? "zh-CN" : "en";
  return (
    <main className="sign">
      <form className="card" onSubmit={submit}>
        <div className="row">
          <img src="/icon.svg" alt="" width="36" height="36" />
          <h1>{t("signin.title")}</h1>
          <span style={{ flex: 1 }} />
          <button type="button" className="plain" onClick={() => void speak(other)} lang={other} data-test="language">
            {other === "en" ? "English" : "中文"}
          </button>
        </div>
        <div className="field">
          <label htmlFor="token">{t("signin.token")}</label>
          <Input.Password id="token" value={token} onChange={(event) => setToken(event.target.value)} autoComplete="current-password" size="large" autoFocus />
          <span className="hint">{t("signin.hint")}</span>
        </div>
        {held && (
          <div className="note" role="status" data-test="held">
            <p>{t("signin.other", { who: held.who })}</p>
            <div className="row">
              <Button onClick={() => void enter({ code: held.code })} loading={busy}>{t("signin.other.enter")}</Button>
              <Button onClick={() => navigate("/", { replace: true })}>{t("signin.other.stay", { who: held.who })}</Button>
            </div>
          </div>
        )}
        {error && (
          <div className="note" data-tone="bad" role="alert">
            {error.lost ? t("problem.lost.todo") : error.status === 401 && token ? t("signin.unknown") : error.message}
          </div>
        )}
        <Button type="primary" htmlType="submit" size="large" loading={busy} disabled={!token.trim()}>
          {t("signin.enter")}
        </Button>
        <span className="faint">{t("signin.link")}</span>
        <code>suan console</code>
      </form>
    </main>
  );
}
