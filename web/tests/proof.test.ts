// The proofs against the worked bytes of docs/formats, which the hub's own tests decode too.
import { describe, expect, it } from "vitest";
import { BillChecker } from "../src/proof/bill";
import { checkBlock, checkInclusion, included, keyOf, openEntry, readBundle, rootOf } from "../src/proof/bundle";
import { Message } from "../src/proof/bytes";
import { checkBill, type Told } from "../src/proof/check";
import { publicKey, verify } from "../src/proof/sm2";
import { fromHex, sm3, toHex } from "../src/proof/sm3";
import billPage from "../../docs/formats/bill-proof.md?raw";
import blockPage from "../../docs/formats/block.md?raw";
import entryPage from "../../docs/formats/entry.md?raw";

function worked(text: string, name: string): Uint8Array {
  const match = new RegExp(`<!-- ${name} -->\\n\`\`\`\\n([\\s\\S]*?)\`\`\``).exec(text)!;
  return fromHex(match[1]!.replace(/\s/g, ""));
}
const ascii = (text: string) => new TextEncoder().encode(text);
const changed = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at] = copy[at]! ^ 1;
  return copy;
};

type Fields = Record<number, bigint | Uint8Array | (bigint | Uint8Array)[]>;
// A protobuf message of varints and bytes.
function pb(fields: Fields): Uint8Array {
  const out: number[] = [];
  const varint = (value: bigint) => {
    for (; value > 127n; value >>= 7n) out.push(Number(value & 127n) | 128);
    out.push(Number(value));
  };
  for (const [field, values] of Object.entries(fields)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      varint(BigInt(field) * 8n + (typeof value === "bigint" ? 0n : 2n));
      varint(typeof value === "bigint" ? value : BigInt(value.length));
      if (typeof value !== "bigint") out.push(...value);
    }
  }
  return Uint8Array.from(out);
}

describe("SM3", () => {
  it("gives the values of the standard", () => {
    expect(toHex(sm3(ascii("abc")))).toBe("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    expect(toHex(sm3(ascii("abcd".repeat(16))))).toBe("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    expect(toHex(sm3())).toBe("1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b");
  });
  it("does not depend on how the input is cut", () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
    for (let at = 0; at <= 200; at += 7) expect(sm3(bytes.subarray(0, at), bytes.subarray(at))).toEqual(sm3(bytes));
  });
});

describe("SM2", () => {
  const key = publicKey(worked(blockPage, "key"))!;
  const block = worked(blockPage, "block");
  const [header, signature] = [block.subarray(0, 168), block.subarray(168, 232)];
  it("accepts the signature of the worked block", () => expect(verify(key, header, signature)).toBe(true));
  it("refuses any changed bit of message or signature", () => {
    for (const at of [0, 8, 100, 167]) expect(verify(key, changed(header, at), signature)).toBe(false);
    for (const at of [0, 31, 32, 63]) expect(verify(key, header, changed(signature, at))).toBe(false);
    expect(verify(key, header, new Uint8Array(64))).toBe(false);
  });
  it("knows a point of the curve", () => {
    expect(publicKey(changed(worked(blockPage, "key"), 40))).toBeNull();
    expect(publicKey(new Uint8Array(65))).toBeNull();
  });
});

describe("the worked bill", () => {
  const file = worked(billPage, "bill-proof");
  it("is read, and its entry leads to the signed block", () => {
    const bundle = readBundle(file);
    expect(bundle.bill).toBe("bill");
    checkBlock(keyOf(bundle), bundle.blocks[0]!);
    const proven = bundle.entries[0]!;
    // "two" is no entry, so it is hashed as it is.
    checkInclusion(bundle.blocks[0]!, proven, { header: new Message(), command: new Message(), events: [], hash: sm3(proven.bytes) });
    expect(() => checkInclusion(bundle.blocks[0]!, { ...proven, seq: 3n }, { header: new Message(), command: new Message(), events: [], hash: sm3(proven.bytes) })).toThrow(/entry 3/);
  });
  it("is refused when a byte of it was changed", () => {
    for (let at = 0; at < file.length; at += 13) expect(() => readBundle(changed(file, at))).toThrow();
    for (let size = 0; size < file.length; size += 17) expect(() => readBundle(file.subarray(0, size))).toThrow();
  });
  it("says at which step it stopped", () => {
    const told: Told[] = [];
    checkBill(file, { keyHex: toHex(changed(worked(blockPage, "key"), 64)) }, (one) => told.push(one));
    expect(told.at(-1)).toMatchObject({ type: "bad", step: "key" });
    told.length = 0;
    checkBill(file, { keyHex: toHex(worked(blockPage, "key")) }, (one) => told.push(one));
    expect(told.at(-1)).toMatchObject({ type: "bad", step: "entries" });
  });
});

describe("the worked entry", () => {
  it("has the hash of its page, in parts", () => {
    const bytes = worked(entryPage, "entry");
    expect(toHex(openEntry({ seq: 1_000_000n, bytes, path: [] }).hash)).toBe(toHex(worked(entryPage, "entry hash")));
    expect(() => openEntry({ seq: 1_000_001n, bytes, path: [] })).toThrow();
  });
  it("shows nothing that its hash does not cover", () => {
    const bytes = worked(entryPage, "entry");
    const openWith = (more: Uint8Array) => openEntry({ seq: 1_000_000n, bytes: Uint8Array.from([...bytes, ...more]), path: [] });
    // A second time, command, event or salt, and a field that no entry has.
    const more: Fields[] = [{ 2: 1n }, { 5: pb({ 1: pb({}) }) }, { 6: pb({}) }, { 7: ascii("fedcba9876543210") }, { 8: 1n }];
    for (const field of more) expect(() => openWith(pb(field))).toThrow(/field/);
    for (let size = 1; size < bytes.length; size++) {
      const cut = bytes.subarray(0, size);
      const hash = (() => {
        try {
          return toHex(openEntry({ seq: 1_000_000n, bytes: cut, path: [] }).hash);
        } catch {
          return "";
        }
      })();
      expect(hash).not.toBe(toHex(worked(entryPage, "entry hash")));
    }
  });
});

describe("a bill with a ledger", () => {
  const day = 86_400_000_000n;
  const hour = day / 24n;
  const entry = (seq: bigint, time: bigint, command: Fields, ...events: Fields[]) => ({
    header: new Message(pb({ 1: seq, 2: time })), command: new Message(pb(command)), events: events.map((event) => new Message(pb(event))), hash: new Uint8Array(),
  });
  // 1 yuan a 1,000 transfers, 24 yuan a day.
  const sheet = entry(1n, 1n, { 30: pb({ 2: [pb({ 1: 1n, 5: 1n, 6: 1_000_000n }), pb({ 1: 2n, 5: 2n, 6: 24_000_000n })] }) }, { 40: pb({ 1: 7n }) });
  const opened = entry(2n, day, { 80: pb({ 1: 3n }) }, { 80: pb({ 1: 5n, 2: 3n }) });
  const transfers = { 84: pb({ 1: 5n, 2: 3n, 3: 1n, 4: 7n, 5: 1n, 6: 2_500n, 7: 2_500_000n, 8: day, 9: day + hour }) };
  const time = (from: bigint, to: bigint, quantity = to - from, amount = quantity * 24_000_000n / day) => ({ 84: pb({ 1: 5n, 2: 3n, 3: 2n, 4: 7n, 5: 2n, 6: quantity, 7: amount, 8: from, 9: to }) });
  const invoice = (hours: bigint, more: Fields = {}) => entry(9n, day + 9n * hour, { 35: pb({ 1: 3n }) }, {
    46: pb({
      1: 4n,
      4: [pb({ 5: 7n, 6: 1n, 8: 2_500_000n, 10: 1n, 11: 2_500n, ...more }), pb({ 5: 7n, 6: 2n, 8: hours * 1_000_000n, 10: 2n, 11: hours * hour })],
      5: pb({ 2: 2_500_000n + hours * 1_000_000n }),
    }),
  });
  const check = (...entries: ReturnType<typeof entry>[]) => {
    const checker = new BillChecker("org 3 invoice 4");
    for (const one of entries) checker.entry(one);
    return checker.finish();
  };
  const metered = (seq: bigint, at: bigint, ...events: Fields[]) => entry(seq, at, {}, ...events);

  it("adds up", () => {
    const totals = check(sheet, opened, metered(3n, day + hour, transfers, time(day, day + hour)), metered(4n, day + 3n * hour, time(day + 2n * hour, day + 3n * hour)), invoice(2n));
    expect(totals).toMatchObject({ charges: 3, charged: 4_500_000n, total: 4_500_000n });
  });
  it("is refused when an hour is charged twice, or before it has passed", () => {
    const first = metered(3n, day + hour, transfers, time(day, day + hour));
    expect(() => check(sheet, opened, first, metered(4n, day + 2n * hour, time(day, day + hour)), invoice(2n))).toThrow(/begin of the charged time/);
    expect(() => check(sheet, opened, first, metered(4n, day + hour, time(day + hour, day + 2n * hour)), invoice(2n))).toThrow(/end of the charged time/);
    expect(() => check(sheet, opened, first, metered(4n, day + 2n * hour, time(day + hour, day + 2n * hour, 2n * hour)), invoice(3n))).toThrow(/charged time/);
  });
  it("is refused at another price, of another org's ledger, or with a line changed", () => {
    const all = metered(3n, day + 2n * hour, transfers, time(day, day + 2n * hour));
    expect(check(sheet, opened, all, invoice(2n)).total).toBe(4_500_000n);
    expect(() => check(sheet, opened, metered(3n, day + 2n * hour, time(day, day + hour, hour, 1_000_001n)), invoice(1n))).toThrow(/charge/);
    expect(() => check(sheet, entry(2n, day, { 80: pb({ 1: 4n }) }, { 80: pb({ 1: 5n, 2: 3n }) }), all, invoice(2n))).toThrow(/org of ledger/);
    expect(() => check(sheet, all, invoice(2n))).toThrow(/opening of ledger/);
    expect(() => check(opened, all, invoice(2n))).toThrow(/price sheet line/);
    expect(() => check(sheet, opened, all, invoice(2n, { 11: 2_501n }))).toThrow(/quantity/);
    expect(() => check(sheet, opened, all, invoice(1n))).toThrow(/invoice line/);
  });
});

describe("Merkle trees", () => {
  it("prove every leaf of every small tree and no other", () => {
    const node = (left: Uint8Array, right: Uint8Array) => sm3(Uint8Array.of(1), left, right);
    const pathOf = (leaves: Uint8Array[], index: number): Uint8Array[] => {
      if (leaves.length <= 1) return [];
      let split = 1;
      while (split * 2 < leaves.length) split *= 2;
      return index < split
        ? [...pathOf(leaves.slice(0, split), index), rootOf(leaves.slice(split))]
        : [...pathOf(leaves.slice(split), index - split), rootOf(leaves.slice(0, split))];
    };
    for (let size = 1; size <= 9; size++) {
      const leaves = Array.from({ length: size }, (_, i) => sm3(Uint8Array.of(i)));
      const root = rootOf(leaves);
      for (let i = 0; i < size; i++) {
        const path = pathOf(leaves, i);
        expect(included(leaves[i]!, BigInt(i), BigInt(size), path, root)).toBe(true);
        expect(included(leaves[i]!, BigInt(i + 1), BigInt(size), path, root)).toBe(false);
        expect(included(leaves[(i + 1) % size]!, BigInt(i), BigInt(size), path, root)).toBe(size === 1);
      }
    }
    expect(rootOf([sm3(), sm3()])).toEqual(node(sm3(), sm3()));
  });
});
