// The frame of every page: where one can go, who one is, whether the page is live.
import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";
import { Link, Navigate, NavLink, useLocation, useNavigate } from "react-router-dom";
import { ApiError, send } from "../api/client";
import { follow, useLive } from "../api/live";
import type { Role, Whoami } from "../api/types";
import { speak, useNames, useWords, type Word } from "../i18n";
import { Problem, Skeleton } from "../parts/basics";
import { useTheme } from "./theme";

interface Place {
  to: string;
  word: Word;
  roles?: Role[];
  icon: string; // of a 24 x 24 drawing
}
const places: Place[] = [
  { to: "/", word: "nav.overview", icon: "M4 13h6V4H4zm0 7h6v-5H4zm10 0h6v-9h-6zm0-16v5h6V4z" },
  { to: "/map", word: "nav.map", icon: "M4 4h4v4H4zm6 0h4v4h-4zm6 0h4v4h-4zM4 10h4v4H4zm6 0h4v4h-4zm6 0h4v4h-4zM4 16h4v4H4zm6 0h4v4h-4z" },
  { to: "/jobs", word: "nav.jobs", icon: "M4 6h16M4 12h16M4 18h10" },
  { to: "/submit", word: "nav.submit", roles: ["operator", "admin", "member"], icon: "M12 5v14M5 12h14" },
  { to: "/money", word: "nav.money", icon: "M6 4l6 8 6-8M12 12v8M7 13h10M7 17h10" },
  { to: "/shares", word: "nav.shares", icon: "M12 4v8h8a8 8 0 1 1-8-8zM15 3a7 7 0 0 1 6 6h-6z" },
  { to: "/log", word: "nav.log", icon: "M5 4h14v5H5zM5 15h14v5H5zM12 9v6" },
  { to: "/operator", word: "nav.operator", roles: ["operator", "admin", "auditor"], icon: "M5 7h14M5 12h14M5 17h14M9 5v4M15 10v4M8 15v4" },
];

function Sidebar({ who }: { who: Whoami | undefined }) {
  const { t } = useWords();
  const name = useNames();
  return (
    <div className="side">
      <Link to="/" className="mark" aria-label={t("product")}>
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>{t("product")}</span>
      </Link>
      <nav aria-label={t("nav")}>
        {places
          .filter((place) => !place.roles || (who && place.roles.includes(who.role)))
          .map((place) => (
            <NavLink key={place.to} to={place.to} end={place.to === "/"}>
              <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
                <path d={place.icon} />
              </svg>
              {t(place.word)}
            </NavLink>
          ))}
      </nav>
      {who && (
        <div className="who">
          <strong className="cut">{who.member}</strong>
          {name("role", who.role)} · {who.org || t("centre")}
        </div>
      )}
    </div>
  );
}

function TopBar() {
  const { t, locale } = useWords();
  const theme = useTheme();
  const live = useLive();
  const navigate = useNavigate();
  const client = useQueryClient();
  const leave = async () => {
    await send("DELETE", "/v1/session").catch(() => undefined);
    client.clear();
    navigate("/signin");
  };
  const other = locale === "en" ? "zh-CN" : "en";
  return (
    <header className="top">
      <span className="live" data-state={live} role="status">
        <i />
        {t(`live.${live}`)}
      </span>
      <span className="grow" />
      <button className="plain" onClick={() => void speak(other)} lang={other} data-test="language">
        {other === "en" ? "English" : "中文"}
      </button>
      <button className="plain" onClick={theme.toggle} data-test="theme">
        {t(theme.name === "dark" ? "theme.light" : "theme.dark")}
      </button>
      <button className="plain" onClick={() => void leave()} data-test="signout">
        {t("signout")}
      </button>
    </header>
  );
}

export function Shell({ who, children }: { who: UseQueryResult<Whoami>; children: ReactNode }) {
  const { t } = useWords();
  const live = useLive();
  const client = useQueryClient();
  const here = useLocation();
  const known = who.data !== undefined;
  useEffect(() => (known ? follow(client) : undefined), [known, client]);
  useEffect(() => {
    document.getElementById("content")?.scrollTo?.(0, 0);
  }, [here.pathname]);
  if (who.error instanceof ApiError && who.error.status === 401) {
    const next = here.pathname + here.search;
    return <Navigate to={`/signin?next=${encodeURIComponent(next)}`} replace />;
  }
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("skip")}
      </a>
      <Sidebar who={who.data} />
      <div className="main">
        <TopBar />
        {live === "lost" && (
          <div className="banner" role="status" data-test="lost">
            {t("live.lost.long")}
          </div>
        )}
        <main id="content" className="page" tabIndex={-1}>
          {known ? children : who.error ? <Problem error={who.error} retry={() => void who.refetch()} /> : <Skeleton lines={8} />}
        </main>
      </div>
    </div>
  );
}
