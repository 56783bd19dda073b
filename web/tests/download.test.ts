import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Changed, fetchFile } from "../src/job/download";

// The Blob that Response gives, which is not jsdom's.
beforeEach(async () => vi.stubGlobal("Blob", (await new Response("").blob()).constructor));
afterEach(() => vi.unstubAllGlobals());

// A hub that gives `piece` bytes an answer of a file that may change after some answers.
function hubOf(text: string, piece: number, changeAfter = Infinity) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    const offset = Number(new URL(path, "http://h").searchParams.get("offset"));
    const headers = { "X-File-Size": String(text.length), "X-File-Modified-Us": asked.length > changeAfter ? "8" : "7" };
    return new Response(text.slice(offset, offset + piece), { headers });
  });
  return asked;
}
const fetched = (path = "out/a b") => fetchFile(17, 2, path, () => undefined, new AbortController().signal);

describe("a file of a job", () => {
  it("is put together from its pieces, in order", async () => {
    const asked = hubOf("0123456789", 4);
    expect(await (await fetched()).text()).toBe("0123456789");
    expect(asked.map((path) => new URL(path, "http://h").searchParams.get("offset"))).toEqual(["0", "4", "8"]);
    expect(asked[0]).toContain("/v1/jobs/17/files/content?path=out%2Fa+b&attempt=2");
  });
  it("may be empty", async () => {
    hubOf("", 4);
    expect((await fetched()).size).toBe(0);
  });
  it("that changes on the way is not put together from two versions", async () => {
    hubOf("0123456789", 4, 1);
    await expect(fetched()).rejects.toBeInstanceOf(Changed);
  });
  it("of which nothing more comes does not ask for ever", async () => {
    hubOf("0123456789", 0);
    await expect(fetched()).rejects.toBeInstanceOf(Changed);
  });
});
