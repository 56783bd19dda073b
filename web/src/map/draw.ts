// Draws the map on a canvas: every device a square, every node that is out with a mark.
import type { MapView } from "../api/types";
import { tierColours } from "../parts/basics";
import type { Layout } from "./layout";

export type Colouring = "org" | "tier" | "health";
export interface Paint {
  free: string;
  hidden: string;
  out: string;
  draining: string;
  down: string;
  ink: string;
  focus: string;
}
export const paints: Record<"light" | "dark", Paint> = {
  light: { free: "#dbe2ec", hidden: "#9aa5b8", out: "#f1f3f7", draining: "#d0841b", down: "#c9453c", ink: "#55627a", focus: "#16202e" },
  dark: { free: "#2f3a4f", hidden: "#66738c", out: "#1d2535", draining: "#e0a64a", down: "#ef6f66", ink: "#a9b4c8", focus: "#ffffff" },
};

// Colours that stay an org's own from one look to the next: by its name.
export function colourOf(org: string): string {
  let hash = 7;
  for (const char of org) hash = (Math.imul(hash, 31) + char.codePointAt(0)!) >>> 0;
  return `hsl(${(hash * 137) % 360} ${52 + (hash % 3) * 10}% ${46 + ((hash >> 4) % 3) * 6}%)`;
}

// One for each place of the leases.
export function leaseColours(view: MapView, by: Colouring): string[] {
  return view.leases.map((lease) => (by === "org" ? colourOf(lease.org) : by === "tier" ? (tierColours[lease.tier] ?? "#888") : "#2f9e78"));
}

export interface Scene {
  view: MapView;
  layout: Layout;
  colours: string[];
  paint: Paint;
  focus: { node: number; device: number } | null;
}

export function draw(context: CanvasRenderingContext2D, scene: Scene, width: number, height: number) {
  const { view, layout, colours, paint, focus } = scene;
  context.clearRect(0, 0, width, height);
  context.font = "10px sans-serif";
  context.fillStyle = paint.ink;
  for (const rack of layout.racks) context.fillText(`R${rack.name}`, rack.x, rack.y + 9);
  const size = layout.cell - 1;
  const lease = focus ? view.nodes[focus.node]!.holders[focus.device]! : 0;
  // By colour, so that the canvas changes its colour a few times and not thousands of times.
  const squares = new Map<string, number[]>();
  for (const place of layout.places) {
    const node = view.nodes[place.node]!;
    const free = node.state === "open" ? paint.free : paint.out;
    node.holders.forEach((holder, i) => {
      const colour = holder === 0 ? free : holder === 1 ? paint.hidden : lease > 1 && holder === lease ? paint.focus : colours[holder - 2]!;
      const x = place.x + (i % layout.columns) * layout.cell;
      const y = place.y + Math.floor(i / layout.columns) * layout.cell;
      const list = squares.get(colour);
      if (list) list.push(x, y);
      else squares.set(colour, [x, y]);
    });
  }
  for (const [colour, list] of squares) {
    context.fillStyle = colour;
    for (let i = 0; i < list.length; i += 2) context.fillRect(list[i]!, list[i + 1]!, size, size);
  }
  for (const place of layout.places) {
    const state = view.nodes[place.node]!.state;
    if (state === "open") continue;
    context.strokeStyle = state === "down" ? paint.down : paint.draining;
    context.lineWidth = 2;
    context.strokeRect(place.x, place.y, place.width - 1, place.height - 1);
    if (state !== "down") continue;
    context.beginPath();
    context.moveTo(place.x, place.y + place.height - 1);
    context.lineTo(place.x + place.width - 1, place.y);
    context.stroke();
  }
  if (!focus) return;
  const place = layout.places[focus.node]!;
  context.strokeStyle = paint.focus;
  context.lineWidth = 2;
  context.strokeRect(place.x - 1, place.y - 1, place.width + 1, place.height + 1);
}
