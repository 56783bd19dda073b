// Every event that the hub may send makes something stale: a page that does not hear of a change
// shows what was.
import { expect, it } from "vitest";
import { kinds } from "../src/api/live";

const files = import.meta.glob<string>("../../proto/suan/log.proto", { query: "?raw", import: "default", eager: true });

it("hears every event of the log", () => {
  const log = Object.values(files)[0]!;
  const from = log.indexOf("oneof kind {", log.indexOf("message Event "));
  const events = [...log.slice(from, log.indexOf("}", from)).matchAll(/^\s*\w+ (\w+) = \d+;/gm)].map((match) => match[1]!);
  expect(events).toContain("job_started");
  // The hub keeps these two to itself (src/api/live_event.cpp).
  const silent = ["time_advanced", "ledgers_anchored"];
  expect(events.filter((event) => !kinds.includes(event) && !silent.includes(event))).toEqual([]);
  expect(kinds.filter((kind) => !events.includes(kind))).toEqual([]);
});
