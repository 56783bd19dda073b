// A bill with its proof (docs/formats/bill-proof.md, block.md, entry.md): what is in the file, and
// whether every entry leads to a block that the operator signed.
import { Damaged, Message, Reader } from "./bytes";
import { publicKey, verify, type PublicKey } from "./sm2";
import { same, sm3, toHex } from "./sm3";

export interface Block {
  number: bigint;
  first: bigint;
  last: bigint;
  root: Uint8Array;
  header: Uint8Array;
  signature: Uint8Array;
}
export interface Proven {
  seq: bigint;
  bytes: Uint8Array;
  path: Uint8Array[];
}
export interface Bundle {
  logId: Uint8Array;
  key: Uint8Array;
  bill: string;
  blocks: Block[];
  entries: Proven[];
}
// An entry as far as it is shown.
export interface Entry {
  header: Message;
  command: Message; // empty when hidden
  events: Message[];
  hash: Uint8Array;
}

const header_bytes = 168;
const ascii = (text: string) => new TextEncoder().encode(text);
const u32 = (value: number) => Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24);

function readBlock(bytes: Uint8Array): Block {
  const header = bytes.subarray(0, header_bytes);
  const inHeader = new Reader(header, "block");
  if (!same(inHeader.take(8, "magic"), ascii("SUANBLK1"))) throw new Damaged("block: it does not begin with SUANBLK1");
  const [number, first, last] = [inHeader.u64("number"), inHeader.u64("first"), inHeader.u64("last")];
  inHeader.take(8 + 32, "time and chain");
  const root = inHeader.take(32, "root");
  const rest = new Reader(bytes.subarray(header_bytes), "block");
  const signature = rest.take(64, "signature");
  const witnesses = rest.u32("witnesses");
  for (let i = 0; i < witnesses; i++) rest.take(65 + 64, "witness");
  rest.end();
  return { number, first, last, root, header, signature };
}

export function readBundle(file: Uint8Array): Bundle {
  if (file.length < 40) throw new Damaged(`the file has ${file.length} bytes: it is no bill`);
  const body = file.subarray(0, file.length - 32);
  const input = new Reader(body, "bill");
  if (!same(input.take(8, "magic"), ascii("SUANBIL1"))) throw new Damaged("the file does not begin with SUANBIL1: it is no bill");
  if (!same(sm3(body), file.subarray(file.length - 32))) throw new Damaged("the file's own SM3 does not fit: it was changed or damaged on the way");
  const logId = input.take(32, "log id");
  const key = input.take(65, "key");
  const bill = new TextDecoder().decode(input.text("bill"));
  const blocks = Array.from({ length: input.u32("blocks") }, () => readBlock(input.text("block")));
  const entries = Array.from({ length: input.u32("entries") }, () => ({ seq: input.u64("number"), bytes: input.text("entry"), path: input.hashes("path") }));
  input.end();
  return { logId, key, bill, blocks, entries };
}

const leafOf = (hash: Uint8Array) => sm3(Uint8Array.of(0), hash);
const nodeOf = (left: Uint8Array, right: Uint8Array) => sm3(Uint8Array.of(1), left, right);

// RFC 9162, section 2.1.3.2.
export function included(leaf: Uint8Array, index: bigint, size: bigint, path: Uint8Array[], root: Uint8Array): boolean {
  if (index >= size) return false;
  let [at, last, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return false;
    if ((at & 1n) === 1n || at === last) {
      hash = nodeOf(sibling, hash);
      while ((at & 1n) === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = nodeOf(hash, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && same(hash, root);
}

// Of RFC 6962's shape.
export function rootOf(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sm3();
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeOf(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

const partHash = (salt: Uint8Array, bytes: Uint8Array) => sm3(Uint8Array.of(4), salt, bytes);
const hashOfParts = (header: Uint8Array, command: Uint8Array, events: number, root: Uint8Array) =>
  sm3(Uint8Array.of(2), u32(header.length), header, command, u32(events), root);

function openShown(bytes: Uint8Array): Entry {
  const input = new Reader(bytes.subarray(1), "entry");
  const header = input.text("header");
  const mark = input.u32("command shown");
  if (mark > 1) throw new Damaged(`entry: a command is shown or not, and not ${mark}`);
  const shown = mark === 1;
  const salt = input.take(32, "command salt or hash");
  const command = shown ? input.text("command") : undefined;
  const count = input.u32("events");
  const root = input.take(32, "events root");
  const events: Message[] = [];
  let before = 0;
  for (let left = input.u32("shown events"); left > 0; left--) {
    const index = input.u32("event");
    const eventSalt = input.take(32, "event salt");
    const event = input.text("event");
    const path = input.hashes("event path");
    if (index <= before || !included(partHash(eventSalt, event), BigInt(index - 1), BigInt(count), path, root)) {
      throw new Damaged(`event ${index} is not a part of its entry`);
    }
    before = index;
    events.push(new Message(event));
  }
  input.end();
  const commandHash = command ? partHash(salt, command) : salt;
  return { header: new Message(header), command: new Message(command), events, hash: hashOfParts(header, commandHash, count, root) };
}

// The outermost fields: in ascending order, each once but the events. Anything else could be read
// without being hashed, as a second time at the end.
function partsOf(bytes: Uint8Array) {
  const parts = { header: new Uint8Array(), command: new Uint8Array(), events: [] as Uint8Array[], salt: new Uint8Array() };
  let at = 0;
  let before = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 70; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Damaged("an entry ends within a number");
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const inOrder = field > before || (field === 6 && before === 6);
    if (!inOrder || field > 7 || tag % 8 !== (field < 4 ? 0 : 2)) throw new Damaged(`an entry holds a field ${field} where none belongs`);
    before = field;
    const value = varint();
    const from = at;
    if (field >= 4) at += value;
    if (at > bytes.length) throw new Damaged("an entry is cut off");
    const text = bytes.subarray(from, at);
    if (field <= 4) parts.header = bytes.subarray(0, at);
    else if (field === 5) parts.command = text;
    else if (field === 6) parts.events.push(text);
    else parts.salt = text;
  }
  return parts;
}

function openWhole(bytes: Uint8Array): Entry {
  const { header, command, events, salt: seed } = partsOf(bytes);
  const opened = { header: new Message(header), command: new Message(command), events: events.map((event) => new Message(event)) };
  if (opened.command.kind >= 2 && opened.command.kind <= 6) return { ...opened, hash: sm3(bytes) };
  const salt = (part: number) => sm3(Uint8Array.of(3), seed, u32(part));
  const leaves = events.map((event, i) => partHash(salt(i + 1), event));
  return { ...opened, hash: hashOfParts(header, partHash(salt(0), command), leaves.length, rootOf(leaves)) };
}

export function openEntry(proven: Proven): Entry {
  const entry = proven.bytes[0] === 2 ? openShown(proven.bytes) : openWhole(proven.bytes);
  if (entry.header.number(1) !== proven.seq) throw new Damaged(`entry ${proven.seq} says that it is entry ${entry.header.number(1)}`);
  return entry;
}

export function checkBlock(key: PublicKey, block: Block) {
  if (!verify(key, block.header, block.signature)) throw new Damaged(`block ${block.number}: the operator's signature does not fit`);
}

export function checkInclusion(block: Block, proven: Proven, entry: Entry) {
  const size = block.last - block.first + 1n;
  if (proven.seq < block.first || !included(leafOf(entry.hash), proven.seq - block.first, size, proven.path, block.root)) {
    throw new Damaged(`entry ${proven.seq} is not in block ${block.number}: it was changed, or belongs elsewhere`);
  }
}

export function keyOf(bundle: Bundle): PublicKey {
  const key = publicKey(bundle.key);
  if (!key) throw new Damaged(`the operator's key in the file is no point of the curve: ${toHex(bundle.key).slice(0, 16)}`);
  return key;
}
