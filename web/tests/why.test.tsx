import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router-dom";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Job, WaitReason } from "../src/api/types";
import { speak } from "../src/i18n";
import { ForecastFacts, Helps } from "../src/job/Forecast";
import { Said, Waits } from "../src/job/Why";

const job = { id: 7, tasks: 4, tasks_min: 2, devices_per_task: 8, topology: "one_rack" } as unknown as Job;
const reason = (code: string, more: Partial<WaitReason> = {}) => ({ code, message: "the hub's own words", needed: 0, available: 0, limit: 0, other: 0, ...more }) as WaitReason;
const said = (one: WaitReason) => {
  const { container } = render(<MemoryRouter><Said reason={one} job={job} /></MemoryRouter>);
  const text = container.textContent ?? "";
  cleanup();
  return text;
};

beforeAll(() => speak("en"));
afterEach(cleanup);

describe("what is said of a reason", () => {
  it("has its numbers in their units", async () => {
    expect(said(reason("Resources", { needed: 16, limit: 1 }))).toBe("Needs 16 devices as 2 tasks of 8; room for 1 of its tasks now.");
    expect(said(reason("AssocGrpGRES", { needed: 8_000, available: 1_500, limit: 9_000 }))).toContain("Needs 8 devices; its organisation holds 1.5 of at most 9");
    expect(said(reason("AssocGrpBillingMinutes", { needed: 3_600_000, available: 1 }))).toContain("3.60 CNY must be held for its whole wall time; 0.000001 CNY");
    await speak("zh-CN");
    expect(said(reason("Topology"))).toContain("同一机柜");
    expect(said(reason("Priority", { available: 12, other: 3 }))).toBe("前面还有 12 个作业。 3");
    await speak("en");
  });
  it("does not count the jobs of others, nor is it empty for a reason that is new", () => {
    expect(said(reason("Priority"))).toBe("Other jobs of the pool go first.");
    expect(said(reason("Weather"))).toBe("the hub's own words");
  });
});

describe("a forecast", () => {
  it("says what it knows and no more", () => {
    render(<ForecastFacts forecast={{ basis: "unknown" }} />);
    expect(document.body.textContent).toBe("When it startsNo forecast yet");
  });
  it("shows its window and its likely cost in full", () => {
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    client.setQueryData(["accuracy"], { scored: 200, by_p50: 101, by_p90: "184" });
    render(<QueryClientProvider client={client}><ForecastFacts forecast={{ basis: "run_ahead", made_us: 1_700_000_000_000_000, start_p50_us: 1_700_000_100_000_000, start_p90_us: 1_700_000_200_000_000, cost_p50_micro_yuan: "1500000", cost_p90_micro_yuan: 2_000_001 }} /></QueryClientProvider>);
    expect(document.querySelector("[data-test=reliability]")!.textContent).toBe("So far, of 200 jobs with a forecast 50.5 % had started by the first time and 92 % by the second.");
    expect(document.body.textContent).toContain("1.50, nine in ten up to 2.000001");
    expect(document.querySelectorAll("time")).toHaveLength(2);
  });
});

it("the smallest change comes first, with a way to take it where the member can", () => {
  const helps = [
    { kind: "split", change: "4 x 4 instead of 2 x 8", starts_now: true, who: "member", tasks: 4, devices_per_task: 4 },
    { kind: "share", change: "8 more devices", who: "operator", outcome: "starts by 12:40" },
  ];
  const { rerender } = render(<MemoryRouter><Helps job={job} helps={helps} mayWork /></MemoryRouter>);
  expect([...document.querySelectorAll(".help strong")].map((one) => one.textContent)).toEqual(["Other split", "A larger share"]);
  expect(screen.getAllByRole("button")).toHaveLength(1);
  expect(document.body.textContent).toContain("by the operator");
  rerender(<MemoryRouter><Helps job={job} helps={helps} mayWork={false} /></MemoryRouter>);
  expect(screen.queryByRole("button")).toBeNull();
});

it("what it waited for is told from the newest, each with how long", () => {
  const at = (second: number) => second * 1_000_000;
  const history = [
    { from_us: at(100), to_us: at(160), code: "Dependency", message: "waits for job 3" },
    { from_us: at(160), to_us: 0, code: "Resources", message: "too few" },
  ];
  render(<Waits history={history} now={at(190)} />);
  const rows = [...document.querySelectorAll("tbody tr")].map((row) => row.textContent);
  expect(rows[0]).toContain("00:00:30Not enough free devices");
  expect(rows[1]).toContain("00:01:00Waits for other jobs");
  cleanup();
  render(<Waits history={history.slice(1)} />);
  expect(document.querySelector("table")).toBeNull();
});
