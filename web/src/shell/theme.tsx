import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

type Name = "light" | "dark";
interface Theme {
  name: Name;
  toggle: () => void;
}
const kept = "suan.theme";
const Context = createContext<Theme>({ name: "light", toggle: () => {} });
export const useTheme = () => useContext(Context);

function first(): Name {
  try {
    const chosen = localStorage.getItem(kept);
    if (chosen === "light" || chosen === "dark") return chosen;
  } catch {
    // No storage: the system decides.
  }
  return window.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [name, setName] = useState<Name>(first);
  useEffect(() => {
    document.documentElement.dataset["theme"] = name;
    document.documentElement.style.colorScheme = name;
  }, [name]);
  const theme = useMemo(
    () => ({
      name,
      toggle: () => {
        const next = name === "dark" ? "light" : "dark";
        try {
          localStorage.setItem(kept, next);
        } catch {
          // Not kept, then.
        }
        setName(next);
      },
    }),
    [name],
  );
  return <Context.Provider value={theme}>{children}</Context.Provider>;
}
