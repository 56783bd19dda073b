// Where each rack, node and device of a pool is drawn, and what is under a point. Pure.
import type { MapView } from "../api/types";

export interface Place {
  node: number; // index in the view's nodes
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Layout {
  places: Place[];
  racks: { name: number; x: number; y: number }[];
  cell: number; // pixels from one device to the next
  columns: number; // devices side by side in a node
  height: number;
}

const rack_gap = 10;
const rack_head = 14;
const node_gap = 3;

const devicesOf = (view: MapView) => Math.max(1, ...view.nodes.map((node) => node.holders.length));

// Racks side by side, each a column of nodes; as large as fits the width and, if it can, the height.
export function layOut(view: MapView, width: number, heightMax: number): Layout {
  const racks = new Map<number, number[]>();
  view.nodes.forEach((node, i) => racks.set(node.rack, [...(racks.get(node.rack) ?? []), i]));
  const devices = devicesOf(view);
  const columns = devices > 4 ? Math.ceil(devices / 2) : devices;
  const rows = Math.ceil(devices / columns);
  let best: Layout | null = null;
  for (let cell = 22; cell >= 3; cell--) {
    best = place(racks, view, { cell, columns, rows, width });
    if (best.height <= heightMax) break;
  }
  return best!;
}

function place(racks: Map<number, number[]>, view: MapView, shape: { cell: number; columns: number; rows: number; width: number }): Layout {
  const { cell, columns, rows, width } = shape;
  const nodeWidth = columns * cell;
  const nodeHeight = rows * cell;
  const stride = nodeWidth + node_gap;
  const places: Place[] = [];
  const heads: Layout["racks"] = [];
  let [x, y, line] = [0, 0, 0];
  for (const [name, nodes] of racks) {
    // A rack is as wide as makes it about square, and no wider than the page.
    const across = Math.max(1, Math.min(Math.floor((width + node_gap) / stride), Math.ceil(Math.sqrt((nodes.length * nodeHeight) / nodeWidth))));
    const rackWidth = across * stride - node_gap;
    const rackHeight = rack_head + Math.ceil(nodes.length / across) * (nodeHeight + node_gap);
    if (x > 0 && x + rackWidth > width) {
      x = 0;
      y += line + rack_gap;
      line = 0;
    }
    heads.push({ name, x, y });
    nodes.forEach((node, i) => places.push({ node, x: x + (i % across) * stride, y: y + rack_head + Math.floor(i / across) * (nodeHeight + node_gap), width: nodeWidth, height: nodeHeight }));
    x += rackWidth + rack_gap;
    line = Math.max(line, rackHeight);
  }
  places.sort((a, b) => a.node - b.node);
  return { places, racks: heads, cell, columns, height: Math.min(y + line, view.nodes.length ? y + line : 40) };
}

// The node and device at a point, null between them.
export function at(layout: Layout, view: MapView, x: number, y: number): { node: number; device: number } | null {
  const found = layout.places.find((place) => x >= place.x && x < place.x + place.width && y >= place.y && y < place.y + place.height);
  if (!found) return null;
  const device = Math.floor((y - found.y) / layout.cell) * layout.columns + Math.floor((x - found.x) / layout.cell);
  return device < view.nodes[found.node]!.holders.length ? { node: found.node, device } : null;
}

// How many tasks of so many whole devices would fit now: in the pool, and in its best rack.
export interface Fit {
  devices: number;
  pool: number;
  rack: number;
  whole: number; // in the pool if nothing ran and every node were open
}
export function fits(view: MapView): Fit[] {
  const most = devicesOf(view);
  const sizes = [...new Set([1, 2, 4, 8, 16].filter((size) => size < most).concat(most))];
  return sizes.map((devices) => {
    let [pool, whole] = [0, 0];
    const racks = new Map<number, number>();
    for (const node of view.nodes) {
      whole += Math.floor(node.holders.length / devices);
      if (node.state !== "open") continue;
      const free = node.holders.filter((holder) => holder === 0).length;
      const tasks = Math.floor(free / devices);
      pool += tasks;
      racks.set(node.rack, (racks.get(node.rack) ?? 0) + tasks);
    }
    return { devices, pool, rack: Math.max(0, ...racks.values()), whole };
  });
}

// Which gangs would start right now: so many tasks of so many devices each. "rack": all in one
// rack; "pool": over several; "later": there is room when others have ended; "never".
export type Room = "rack" | "pool" | "later" | "never";
export function gangs(fit: Fit, tasks: number[]): Room[] {
  return tasks.map((n) => (n <= fit.rack ? "rack" : n <= fit.pool ? "pool" : n <= fit.whole ? "later" : "never"));
}
export function gangSizes(list: Fit[]): number[] {
  const most = Math.max(1, ...list.map((fit) => fit.whole));
  return Array.from({ length: 12 }, (_, i) => 2 ** i).filter((n) => n <= most);
}
