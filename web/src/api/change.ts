import { useMutation, useQueryClient } from "@tanstack/react-query";
import { send } from "./client";
import type { Changed } from "./types";

// A change from a small form: its problem is shown where it was made.
export function useChange(stale: string[], done?: (changed: Changed) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { method: "POST" | "PUT"; path: string; body?: unknown }) => send<Changed>(change.method, change.path, change.body),
    onSuccess: (changed) => {
      for (const key of stale) void client.invalidateQueries({ queryKey: [key] });
      done?.(changed);
    },
  });
}
