import { QueryClientProvider } from "@tanstack/react-query";
import { antTheme, ConfigProvider } from "./parts/antd";
import { lazy, Suspense, useState, type ComponentType } from "react";
import { BrowserRouter, Navigate, Outlet, Route, Routes } from "react-router-dom";
import { makeQueryClient, useWhoami } from "./api/queries";
import { Skeleton } from "./parts/basics";
import { Shell } from "./shell/Shell";
import { SignIn } from "./shell/SignIn";
import { ThemeProvider, useTheme } from "./shell/theme";

// Each page is a script of its own, loaded when it is first opened.
const page = (load: () => Promise<{ default: ComponentType }>) => {
  const Page = lazy(load);
  return (
    <Suspense fallback={<Skeleton lines={8} />}>
      <Page />
    </Suspense>
  );
};

function Themed() {
  const theme = useTheme();
  const dark = theme.name === "dark";
  return (
    <ConfigProvider
      theme={{
        algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
        token: {
          colorPrimary: dark ? "#4c86e8" : "#1554c0",
          colorBgBase: dark ? "#171e2c" : "#ffffff",
          colorLink: dark ? "#7fb0ff" : "#1554c0",
          ...(dark ? { colorBgContainer: "#121927", colorBorder: "#3a4763", colorBgElevated: "#1e2738" } : { colorError: "#b3261e" }),
          colorTextBase: dark ? "#e6ebf4" : "#16202e",
          colorTextPlaceholder: dark ? "#9aa6bb" : "#5f6b80",
          borderRadius: 7,
          fontFamily: "inherit",
          motion: false,
        },
        components: { Tabs: { itemSelectedColor: dark ? "#7fb0ff" : "#1554c0" } },
      }}
      wave={{ disabled: true }}
      button={{ autoInsertSpace: false }}
    >
      <BrowserRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
        <Routes>
          <Route path="/signin" element={<SignIn />} />
          <Route element={<Guarded />}>
            <Route index element={page(() => import("./pages/Overview"))} />
            <Route path="map" element={page(() => import("./pages/CentreMap"))} />
            <Route path="jobs" element={page(() => import("./pages/Jobs"))} />
            <Route path="jobs/:id" element={page(() => import("./pages/JobPage"))} />
            <Route path="submit" element={page(() => import("./pages/Submit"))} />
            <Route path="money" element={page(() => import("./pages/Money"))} />
            <Route path="money/invoices/:id" element={page(() => import("./pages/InvoicePage"))} />
            <Route path="shares" element={page(() => import("./pages/Shares"))} />
            <Route path="log" element={page(() => import("./pages/Log"))} />
            <Route path="operator" element={page(() => import("./pages/Operator"))} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Route>
        </Routes>
      </BrowserRouter>
    </ConfigProvider>
  );
}

// Who asks is known before any page is shown; without a session the way leads to the sign-in.
function Guarded() {
  const who = useWhoami();
  return (
    <Shell who={who}>
      <Outlet />
    </Shell>
  );
}

export function App() {
  const [client] = useState(makeQueryClient);
  return (
    <QueryClientProvider client={client}>
      <ThemeProvider>
        <Themed />
      </ThemeProvider>
    </QueryClientProvider>
  );
}
