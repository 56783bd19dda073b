import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { MemoryRouter } from "react-router-dom";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextPlace, SignIn } from "../src/shell/SignIn";

describe("where a sign-in leads", () => {
  it("is a path of this site", () => {
    for (const path of ["/", "/jobs/7", "/jobs?state=running", "/a//b"]) expect(nextPlace(path)).toBe(path);
    for (const other of [null, "", "jobs", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/x\r\n"]) expect(nextPlace(other)).toBe("/");
  });
});

describe("a sign-in link", () => {
  const sent: string[] = [];
  let member: string | null = null;
  beforeEach(() => {
    sent.length = 0;
    location.hash = "#code=abc";
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      if (path === "/v1/whoami") return new Response(JSON.stringify(member ? { member } : { error: { code: "unauthorized", message: "" } }), { status: member ? 200 : 401 });
      sent.push(`${init.method} ${path} ${init.body}`);
      return new Response("{}", { status: 201 });
    });
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });
  const open = () =>
    render(
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter initialEntries={["/signin"]}>
          <SignIn />
        </MemoryRouter>
      </QueryClientProvider>,
    );

  it("signs in at once where nobody is signed in, and leaves the address", async () => {
    member = null;
    open();
    await waitFor(() => expect(sent).toEqual(['POST /v1/session {"code":"abc"}']));
    expect(location.hash).toBe("");
  });
  it("does not change who is signed in before it was asked to", async () => {
    member = "bob";
    open();
    const use = await screen.findByRole("button", { name: "Use the link" });
    expect(screen.getByRole("status").textContent).toContain("bob");
    expect(sent).toEqual([]);
    fireEvent.click(use);
    await waitFor(() => expect(sent).toEqual(['POST /v1/session {"code":"abc"}']));
  });
});
