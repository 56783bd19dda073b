// Verification of SM2 signatures (GB/T 32918) with SM3 and the user id 1234567812345678: r | s of
// 32 bytes each. Only public values pass through here, so time may depend on them.
import { same, sm3, toHex } from "./sm3";

const hex = (text: string) => BigInt(`0x${text.replaceAll(" ", "")}`);
const p = hex("FFFFFFFE FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF 00000000 FFFFFFFF FFFFFFFF");
const a = p - 3n;
const b = hex("28E9FA9E 9D9F5E34 4D5A9E4B CF6509A7 F39789F5 15AB8F92 DDBCBD41 4D940E93");
const n = hex("FFFFFFFE FFFFFFFF FFFFFFFF FFFFFFFF 7203DF6B 21C6052B 53BBF409 39D54123");
const gx = hex("32C4AE2C 1F198119 5F990446 6A39C994 8FE30BBF F2660BE1 715A4589 334C74C7");
const gy = hex("BC3736A2 F4F6779C 59BDCEE3 6B692153 D0A9877C C62A4740 02DF32E5 2139F0A0");

// Jacobian: x / z^2, y / z^3; z = 0 is the point at infinity.
type Point = readonly [bigint, bigint, bigint];
const infinity: Point = [1n, 1n, 0n];

const mod = (value: bigint) => {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
};

function double([x, y, z]: Point): Point {
  if (z === 0n) return infinity;
  const yy = mod(y * y);
  const s = mod(4n * x * yy);
  const zz = mod(z * z);
  const m = mod(3n * (x - zz) * (x + zz)); // a = -3
  const x3 = mod(m * m - 2n * s);
  return [x3, mod(m * (s - x3) - 8n * yy * yy), mod(2n * y * z)];
}

function add(left: Point, right: Point): Point {
  if (left[2] === 0n) return right;
  if (right[2] === 0n) return left;
  const [x1, y1, z1] = left;
  const [x2, y2, z2] = right;
  const z1z1 = mod(z1 * z1);
  const z2z2 = mod(z2 * z2);
  const u1 = mod(x1 * z2z2);
  const u2 = mod(x2 * z1z1);
  const s1 = mod(y1 * z2 * z2z2);
  const s2 = mod(y2 * z1 * z1z1);
  if (u1 === u2) return s1 === s2 ? double(left) : infinity;
  const h = mod(u2 - u1);
  const r = mod(s2 - s1);
  const hh = mod(h * h);
  const hhh = mod(h * hh);
  const v = mod(u1 * hh);
  const x3 = mod(r * r - hhh - 2n * v);
  return [x3, mod(r * (v - x3) - s1 * hhh), mod(h * z1 * z2)];
}

// u * g + v * q in one pass over the bits of both.
function twice(u: bigint, g: Point, v: bigint, q: Point): Point {
  const both = add(g, q);
  let sum = infinity;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = double(sum);
    const inU = (u >> bit) & 1n;
    const inV = (v >> bit) & 1n;
    if (inU && inV) sum = add(sum, both);
    else if (inU) sum = add(sum, g);
    else if (inV) sum = add(sum, q);
  }
  return sum;
}

function inverse(value: bigint): bigint {
  let [r0, r1, t0, t1] = [p, mod(value), 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [t0, t1] = [t1, t0 - q * t1];
  }
  return mod(t0);
}

const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes) || "0"}`);
const bytes32 = (value: bigint) => Uint8Array.from(value.toString(16).padStart(64, "0").match(/../g)!, (pair) => parseInt(pair, 16));
const userId = new TextEncoder().encode("1234567812345678");

export interface PublicKey {
  x: bigint;
  y: bigint;
  z: Uint8Array; // SM3 over the user id, the curve and the key: begins every message
}

// 65 bytes, 0x04 | x | y; null when it is no point of the curve.
export function publicKey(raw: Uint8Array): PublicKey | null {
  if (raw.length !== 65 || raw[0] !== 4) return null;
  const x = number(raw.subarray(1, 33));
  const y = number(raw.subarray(33));
  if (x >= p || y >= p || mod(y * y - x * x * x - a * x - b) !== 0n) return null;
  const bits = userId.length * 8;
  const z = sm3(Uint8Array.of(bits >> 8, bits & 255), userId, bytes32(a), bytes32(b), bytes32(gx), bytes32(gy), raw.subarray(1));
  return { x, y, z };
}

export function verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const r = number(signature.subarray(0, 32));
  const s = number(signature.subarray(32));
  if (r === 0n || s === 0n || r >= n || s >= n) return false;
  const t = (r + s) % n;
  if (t === 0n) return false;
  const e = number(sm3(key.z, message));
  const [x, , z] = twice(s, [gx, gy, 1n], t, [key.x, key.y, 1n]);
  if (z === 0n) return false;
  const zi = inverse(z);
  return (e + mod(x * zi * zi)) % n === r;
}

export { same };
