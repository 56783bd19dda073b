// Little-endian numbers and lengths out of bytes; what is not there is an error that names the place.

export class Damaged extends Error {}

export class Reader {
  private at = 0;
  private readonly view: DataView;
  constructor(
    readonly bytes: Uint8Array,
    private readonly what: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get left() {
    return this.bytes.length - this.at;
  }
  take(size: number, field: string): Uint8Array {
    if (size > this.left) throw new Damaged(`${this.what}: ${field}: ${size} bytes expected, ${this.left} left`);
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  u32(field: string): number {
    this.take(4, field);
    return this.view.getUint32(this.at - 4, true);
  }
  u64(field: string): bigint {
    this.take(8, field);
    return this.view.getBigUint64(this.at - 8, true);
  }
  text(field: string): Uint8Array {
    return this.take(this.u32(`length of ${field}`), field);
  }
  hashes(field: string): Uint8Array[] {
    const count = this.u32(`number of ${field}`);
    if (count > 64) throw new Damaged(`${this.what}: ${field}: ${count} hashes are no path`);
    return Array.from({ length: count }, () => this.take(32, field));
  }
  end() {
    if (this.left > 0) throw new Damaged(`${this.what}: ${this.left} bytes too many`);
  }
}

// Fields of a protobuf message: varints as BigInt, messages and texts as bytes.
export class Message {
  private readonly fields = new Map<number, (bigint | Uint8Array)[]>();
  constructor(bytes: Uint8Array = new Uint8Array()) {
    let at = 0;
    const varint = () => {
      let value = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) throw new Damaged("a message ends within a number");
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return value & 0xffff_ffff_ffff_ffffn;
      }
      throw new Damaged("a number is too long");
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const wire = tag & 7;
      let value: bigint | Uint8Array;
      if (wire === 0) {
        value = varint();
      } else {
        const size = wire === 2 ? Number(varint()) : wire === 1 ? 8 : wire === 5 ? 4 : -1;
        if (size < 0 || at + size > bytes.length) throw new Damaged("a message is cut off");
        value = bytes.subarray(at, at + size);
        at += size;
      }
      const list = this.fields.get(tag >> 3);
      if (list) list.push(value);
      else this.fields.set(tag >> 3, [value]);
    }
  }
  has(field: number): boolean {
    return this.fields.has(field);
  }
  number(field: number): bigint {
    const value = this.fields.get(field)?.at(-1);
    return typeof value === "bigint" ? BigInt.asIntN(64, value) : 0n;
  }
  message(field: number): Message {
    const value = this.fields.get(field)?.at(-1);
    return new Message(value instanceof Uint8Array ? value : undefined);
  }
  messages(field: number): Message[] {
    return (this.fields.get(field) ?? []).map((value) => new Message(value instanceof Uint8Array ? value : undefined));
  }
  raw(field: number): Uint8Array[] {
    return (this.fields.get(field) ?? []).filter((value): value is Uint8Array => value instanceof Uint8Array);
  }
  get kind(): number {
    return this.fields.keys().next().value ?? 0;
  }
}
