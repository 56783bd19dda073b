// A job's file, fetched piece by piece: no answer of the hub holds more than a few megabytes.
import { pathWith, request } from "../api/client";
import type { Wide } from "../api/types";

const piece_bytes = 4 << 20;

// The file is not the one of which the first piece came.
export class Changed extends Error {}

export async function fetchFile(job: Wide, attempt: number, path: string, onDone: (bytes: number) => void, signal: AbortSignal): Promise<Blob> {
  const parts: Blob[] = [];
  let offset = 0;
  let version = "";
  for (;;) {
    const answer = await request(pathWith(`/v1/jobs/${job}/files/content`, { path, attempt, offset, limit_bytes: piece_bytes }), { signal });
    const size = Number(answer.headers.get("X-File-Size"));
    const now = `${size} ${answer.headers.get("X-File-Modified-Us")}`;
    if (offset > 0 && now !== version) throw new Changed();
    version = now;
    const part = await answer.blob();
    parts.push(part);
    offset += part.size;
    onDone(offset);
    if (part.size === 0 && offset < size) throw new Changed();
    if (offset >= size) return new Blob(parts, { type: "application/octet-stream" });
  }
}
