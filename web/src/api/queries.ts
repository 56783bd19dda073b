// What pages ask for. The first word of a key is what api/live.ts makes stale.
import { keepPreviousData, MutationCache, QueryCache, QueryClient, useQuery } from "@tanstack/react-query";
import { all, ApiError, get } from "./client";
import type { Accuracy, Budget, Invoice, Member, Node, Org, Overview, Pool, PriceSheet, Project, RulesVersion, Share, Stats, Usage, Voucher, Whoami, Witness } from "./types";

export function makeQueryClient() {
  // Whoever is told that the session is over asks who it is, and so comes to the sign-in.
  const onError = (error: unknown) => {
    const over = error instanceof ApiError && error.status === 401;
    if (over && client.getQueryState(["whoami"])?.status === "success") void client.resetQueries({ queryKey: ["whoami"] });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => error instanceof ApiError && (error.lost || error.status >= 500) && failures < 2,
        refetchOnWindowFocus: false,
      },
    },
  });
  return client;
}

export const useWhoami = () =>
  useQuery({ queryKey: ["whoami"], queryFn: ({ signal }) => get<Whoami>("/v1/whoami", {}, signal), staleTime: 60_000 });
export const useStats = () => useQuery({ queryKey: ["stats"], queryFn: ({ signal }) => get<Stats>("/v1/stats", {}, signal) });
export const usePools = () =>
  useQuery({ queryKey: ["pools"], queryFn: async ({ signal }) => (await all<Pool>("/v1/pools", "pools", {}, 1_000, signal)).items });
export const useOverview = () => useQuery({ queryKey: ["overview"], queryFn: ({ signal }) => get<Overview>("/v1/overview", {}, signal) });
export const useUsage = (range: "day" | "month", org = "") =>
  useQuery({
    queryKey: ["usage", range, org],
    queryFn: ({ signal }) => get<Usage>("/v1/usage", { range, org }, signal),
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
export const useOrgs = () =>
  useQuery({ queryKey: ["orgs"], queryFn: async ({ signal }) => (await all<Org>("/v1/orgs", "orgs", {}, 5_000, signal)).items });
const listOf = <Item,>(path: string, field: string, most = 5_000) => ({
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await all<Item>(path, field, {}, most, signal)).items,
});
export const useProjects = () => useQuery({ queryKey: ["projects"], ...listOf<Project>("/v1/projects", "projects") });
export const useMembers = () => useQuery({ queryKey: ["members"], ...listOf<Member>("/v1/members", "members") });
export const useShares = () => useQuery({ queryKey: ["shares"], ...listOf<Share>("/v1/shares", "shares", 20_000) });
export const useBudgets = () => useQuery({ queryKey: ["budgets"], ...listOf<Budget>("/v1/budgets", "budgets") });
export const useVouchers = () => useQuery({ queryKey: ["vouchers"], ...listOf<Voucher>("/v1/vouchers", "vouchers") });
export const useInvoices = () => useQuery({ queryKey: ["invoices"], ...listOf<Invoice>("/v1/invoices", "invoices") });
export const usePrices = () => useQuery({ queryKey: ["prices"], ...listOf<PriceSheet>("/v1/prices", "sheets") });
export const useRules = () => useQuery({ queryKey: ["rules"], ...listOf<RulesVersion>("/v1/rules", "rules"), staleTime: 60_000 });
export const useWitnesses = () => useQuery({ queryKey: ["witnesses"], ...listOf<Witness>("/v1/witnesses", "witnesses"), refetchInterval: 10_000 });
// How good the forecasts have been so far.
export const useAccuracy = () =>
  useQuery({ queryKey: ["accuracy"], queryFn: ({ signal }) => get<Accuracy>("/v1/stats/forecast", {}, signal), staleTime: 60_000 });
export const useNodesOut = () =>
  useQuery({
    queryKey: ["nodes", "out"],
    queryFn: async ({ signal }) => {
      const [draining, down] = await Promise.all(
        ["draining", "down"].map((state) => all<Node>("/v1/nodes", "nodes", { state }, 1_000, signal)),
      );
      return [...down!.items, ...draining!.items];
    },
  });
