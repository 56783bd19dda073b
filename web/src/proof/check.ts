// "Check this bill", step by step; each step says what it found. Runs in a worker.
import { BillChecker, type Totals } from "./bill";
import { checkBlock, checkInclusion, keyOf, openEntry, readBundle } from "./bundle";
import { Damaged } from "./bytes";
import { fromHex, same, toHex } from "./sm3";

export type Step = "file" | "key" | "blocks" | "entries" | "bill" | "page";
export interface Expected {
  keyHex: string; // the operator's, as the hub publishes it
  total?: string; // of the invoice on the page, micro-yuan
  org?: number;
  invoice?: string;
}
export type Told =
  | { type: "step"; step: Step; state: "running" | "good"; values: Record<string, string | number> }
  | { type: "bad"; step: Step; message: string }
  | { type: "done"; totals: { [Key in keyof Totals]: string } };

export function checkBill(file: Uint8Array, expected: Expected, tell: (told: Told) => void) {
  let step: Step = "file";
  const good = (values: Record<string, string | number> = {}) => tell({ type: "step", step, state: "good", values });
  const begin = (next: Step) => {
    step = next;
    tell({ type: "step", step, state: "running", values: {} });
  };
  try {
    begin("file");
    const bundle = readBundle(file);
    good({ bytes: file.length });

    begin("key");
    if (!same(bundle.key, fromHex(expected.keyHex))) throw new Damaged("the file names another operator's key than this hub publishes");
    const key = keyOf(bundle);
    good({ key: toHex(bundle.key).slice(2, 18) });

    begin("blocks");
    let last = 0n;
    bundle.blocks.forEach((block, i) => {
      if (block.first <= last || block.last < block.first) throw new Damaged(`block ${block.number} is out of order`);
      last = block.last;
      checkBlock(key, block);
      if (i % 20 === 19) tell({ type: "step", step, state: "running", values: { n: i + 1, all: bundle.blocks.length } });
    });
    good({ n: bundle.blocks.length });

    begin("entries");
    let at = 0;
    let before = 0n;
    const entries = bundle.entries.map((proven) => {
      if (proven.seq <= before) throw new Damaged(`entry ${proven.seq} is out of order`);
      before = proven.seq;
      while (bundle.blocks[at] && bundle.blocks[at]!.last < proven.seq) at += 1;
      const block = bundle.blocks[at];
      if (!block) throw new Damaged(`entry ${proven.seq}: its block is not in the file`);
      const entry = openEntry(proven);
      checkInclusion(block, proven, entry);
      return entry;
    });
    good({ n: entries.length });

    begin("bill");
    const checker = new BillChecker(bundle.bill);
    entries.forEach((entry) => checker.entry(entry));
    const totals = checker.finish();
    good({ charges: totals.charges, leases: totals.leases, jobs: totals.jobs });

    if (expected.total !== undefined) {
      begin("page");
      if (String(totals.invoice) !== expected.invoice || totals.org !== BigInt(expected.org ?? 0)) throw new Damaged(`the file is invoice ${totals.invoice} of organisation ${totals.org}, not the one on this page`);
      if (totals.total !== BigInt(expected.total)) throw new Damaged(`the page shows ${expected.total} micro-yuan, the file proves ${totals.total}`);
      good();
    }
    tell({ type: "done", totals: Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, String(value)])) as { [Key in keyof Totals]: string } });
  } catch (error) {
    tell({ type: "bad", step, message: error instanceof Error ? error.message : String(error) });
  }
}
