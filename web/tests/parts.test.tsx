import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router-dom";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/client";
import type { Job } from "../src/api/types";
import { speak } from "../src/i18n";
import { Timeline } from "../src/job/Timeline";
import { Loaded, Problem, StateTag, When } from "../src/parts/basics";
import { VirtualList } from "../src/parts/VirtualList";

afterEach(cleanup);

describe("a list of 100,000", () => {
  const items = Array.from({ length: 100_000 }, (_, i) => ({ id: i }));
  const columns = [{ key: "id", title: "Id", width: "1fr", sorts: "rising" as const, cell: (item: { id: number }) => `job ${item.id}` }];
  it("draws only the rows in sight and says how many there are", () => {
    render(<VirtualList columns={columns} items={items} keyOf={(item) => item.id} label="Jobs" height={400} minWidth={100} />);
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
    expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("100001");
    const table = screen.getByRole("table");
    Object.defineProperty(table, "scrollTop", { value: 44 * 50_000, writable: true });
    fireEvent.scroll(table);
    expect(screen.getByText("job 50000")).toBeTruthy();
    expect(screen.queryByText("job 0")).toBeNull();
  });
  it("asks for more at its end, and turns the order by keyboard-reachable heads", () => {
    const onEnd = vi.fn();
    const onOrder = vi.fn();
    render(<VirtualList columns={columns} items={items.slice(0, 5)} keyOf={(item) => item.id} label="Jobs" height={400} minWidth={100} onEnd={onEnd} onOrder={onOrder} />);
    expect(onEnd).toHaveBeenCalled();
    fireEvent.click(screen.getByRole("button", { name: /Id/ }));
    expect(onOrder).toHaveBeenCalledWith({ key: "id", falling: false });
    cleanup();
    const turns: unknown[] = [];
    const list = (order?: { key: string; falling: boolean }) => (
      <VirtualList columns={[{ ...columns[0]!, sorts: "falling" as const }]} items={items.slice(0, 5)} keyOf={(item) => item.id} label="Jobs" height={400} minWidth={100} order={order} onOrder={(next) => turns.push(next)} />
    );
    const { rerender } = render(list());
    for (const order of [undefined, { key: "id", falling: true }, { key: "id", falling: false }]) {
      rerender(list(order));
      fireEvent.click(screen.getByRole("button", { name: /Id/ }));
    }
    expect(turns).toEqual([{ key: "id", falling: true }, { key: "id", falling: false }, undefined]);
  });
});

describe("what is not there", () => {
  it("says so in words, with what to do", () => {
    const retry = vi.fn();
    const { rerender } = render(<Problem error={new ApiError(0, "no_answer", "x")} retry={retry} />);
    expect(screen.getByRole("alert").textContent).toContain("The hub does not answer");
    fireEvent.click(screen.getByRole("button"));
    expect(retry).toHaveBeenCalledOnce();
    rerender(<Problem error={new ApiError(403, "forbidden", "x")} retry={retry} />);
    expect(screen.getByRole("alert").textContent).toContain("Your role may not see this");
    expect(screen.queryByRole("button")).toBeNull();
    rerender(<Problem error={new ApiError(422, "invalid", "the hub's words", "the hub's advice", "pool", "r-7")} />);
    expect(screen.getByRole("alert").textContent).toContain("the hub's words");
    expect(screen.getByRole("alert").textContent).toContain("r-7");
  });
  it("is told from what is loading", () => {
    const query = { data: undefined as string | undefined, error: null as unknown, refetch: () => undefined };
    const { rerender } = render(<Loaded query={query}>{(data) => <p>{data}</p>}</Loaded>);
    expect(screen.getByRole("status")).toBeTruthy();
    rerender(<Loaded query={{ ...query, data: "there" }}>{(data) => <p>{data}</p>}</Loaded>);
    expect(screen.getByText("there")).toBeTruthy();
  });
});

it("a state is a word of the reader's language, at once", async () => {
  render(<StateTag state="waiting" />);
  expect(screen.getByText("Waiting")).toBeTruthy();
  await speak("zh-CN");
  expect(await screen.findByText("等待")).toBeTruthy();
  expect(document.documentElement.lang).toBe("zh-CN");
  await speak("en");
});

it("a time has its zone on hover, and none is a dash", () => {
  const { container, rerender } = render(<When us={1_700_000_000_000_000} />);
  const time = container.querySelector("time")!;
  expect(time.dateTime).toBe("2023-11-14T22:13:20.000Z");
  expect(time.title).toMatch(/UTC|GMT|[A-Z]{3,4}|[+-]\d/);
  rerender(<When us={0} />);
  expect(container.querySelector("time")).toBeNull();
});

it("names from outside are text, never markup", () => {
  const evil = '<img src=x onerror="alert(1)">';
  const job = { submitted_us: 1_000_000, ended_us: 9_000_000, leases: [{ id: 3, attempt: 1, started_us: 2_000_000, ended_us: 4_000_000, outcome: "preempted", stopping: "preempted", slots: [{ node: evil, devices: [0, 1] }], milli_device_ms: 0, charged_micro_yuan: 0 }] } as unknown as Job;
  const { container } = render(<MemoryRouter><Timeline job={job} /></MemoryRouter>);
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain(evil);
  expect((container.querySelector(".bar i") as HTMLElement).style.left).toBe("12.5%");
  expect((container.querySelector(".bar i") as HTMLElement).style.width).toBe("25%");
});
