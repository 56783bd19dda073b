import { describe, expect, it } from "vitest";
import type { MapView } from "../src/api/types";
import { colourOf } from "../src/map/draw";
import { at, fits, gangs, gangSizes, layOut } from "../src/map/layout";
import { lending } from "../src/pages/Shares";
import type { Share } from "../src/api/types";

function centre(nodes: number, perRack: number, holders: (i: number) => number[] = () => Array.from({ length: 8 }, () => 0)): MapView {
  return {
    time_us: 1, pool: "p", leases: [],
    nodes: Array.from({ length: nodes }, (_, i) => ({ id: i + 1, name: `n${i}`, rack: Math.floor(i / perRack), state: "open", reason: "", holders: holders(i), used_milli: [] })),
  } as MapView;
}

describe("the map", () => {
  it("shows 490 nodes of 8 devices on one screen, none over another", () => {
    const view = centre(490, 16);
    const layout = layOut(view, 1_020, 520);
    expect(layout.height).toBeLessThanOrEqual(520);
    expect(layout.cell).toBeGreaterThanOrEqual(5);
    const seen = new Set<string>();
    for (const place of layout.places) {
      expect(place.x + place.width).toBeLessThanOrEqual(1_020);
      const found = at(layout, view, place.x + 1, place.y + 1);
      expect(found).toEqual({ node: place.node, device: 0 });
      expect(at(layout, view, place.x + place.width - 1, place.y + place.height - 1)).toEqual({ node: place.node, device: 7 });
      seen.add(`${place.x}/${place.y}`);
    }
    expect(seen.size).toBe(490);
  });
  it("finds nothing between the nodes", () => {
    const view = centre(4, 2);
    expect(at(layOut(view, 400, 400), view, 399, 399)).toBeNull();
  });
  it("tells which gangs fit, by what is whole and open", () => {
    const view = centre(4, 2, (i) => (i === 0 ? [1, 0, 0, 0, 0, 0, 0, 0] : Array.from({ length: 8 }, () => 0)));
    view.nodes[3]!.state = "down";
    expect(fits(view)).toEqual([
      { devices: 1, pool: 23, rack: 15, whole: 32 },
      { devices: 2, pool: 11, rack: 7, whole: 16 },
      { devices: 4, pool: 5, rack: 3, whole: 8 },
      { devices: 8, pool: 2, rack: 1, whole: 4 },
    ]);
    expect(gangs(fits(view)[3]!, [1, 2, 4, 8])).toEqual(["rack", "pool", "later", "never"]);
    expect(gangSizes(fits(view))).toEqual([1, 2, 4, 8, 16, 32]);
  });
  it("gives an org the same colour every time", () => {
    expect(colourOf("acme")).toBe(colourOf("acme"));
    expect(colourOf("acme")).not.toBe(colourOf("zebra"));
  });
});

it("who lends to whom follows from deserved and held", () => {
  const share = (org: string, deserved: number, held: number) => ({ org, deserved_milli: deserved, held_milli: held }) as Share;
  const flows = lending([share("a", 4_000, 1_000), share("b", 1_000, 3_000), share("c", 2_000, 2_000)]);
  expect(flows.lenders.map((one) => one.org)).toEqual(["a"]);
  expect(flows.borrowers.map((one) => one.org)).toEqual(["b"]);
  expect([flows.idle, flows.borrowed]).toEqual([3_000, 2_000]);
});
