// A block's signatures and its link to the one before, computed in this browser
// (docs/formats/block.md, cosignature.md).
import { get } from "../api/client";
import type { Block, LogHead, OperatorKey } from "../api/types";
import { publicKey, verify } from "./sm2";
import { fromHex, same, sm3 } from "./sm3";

export interface Found {
  signature: boolean;
  chain: boolean | null; // null: the first block follows none
  witnesses: { key: string; good: boolean }[];
}

const signedBy = (keyHex: string, message: Uint8Array, signatureHex: string) => {
  const key = publicKey(fromHex(keyHex));
  return key !== null && verify(key, message, fromHex(signatureHex));
};

export function cosigned(logId: string, header: Uint8Array, one: { public_key: string; signature: string }): boolean {
  const message = new Uint8Array([...new TextEncoder().encode("SUANCOS1"), ...fromHex(logId), ...header]);
  return signedBy(one.public_key, message, one.signature);
}

export async function examine(block: Block): Promise<Found> {
  const header = fromHex(block.header);
  const [key, head] = await Promise.all([get<OperatorKey>("/v1/log/key"), get<LogHead>("/v1/log/head")]);
  const before = Number(block.number) > 1 ? await get<Block>(`/v1/log/blocks/${Number(block.number) - 1}`) : null;
  return {
    signature: signedBy(key.raw, header, block.signature),
    chain: before && same(sm3(fromHex(before.header)), header.subarray(40, 72)),
    witnesses: block.cosignatures.map((one) => ({ key: one.public_key, good: cosigned(head.log_id, header, one) })),
  };
}
