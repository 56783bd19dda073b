// Requests to the hub that served this page. The session's cookie goes along by itself; changes
// carry X-Suan-Console, without which the hub refuses them (another site's page cannot set it).

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer came
    readonly code: string,
    message: string,
    readonly whatToDo = "",
    readonly field = "",
    readonly requestId = "",
  ) {
    super(message);
  }
  get lost() {
    return this.status === 0;
  }
}

export type Query = Record<string, string | number | boolean | undefined>;

export function pathWith(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "" && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error.code, error.message, error.what_to_do, error.field, error.request_id);
  } catch {
    return new ApiError(response.status, "unknown", `HTTP ${response.status}`);
  }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "no_answer", "the hub does not answer");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await request(pathWith(path, query), { headers: { Accept: "application/json" }, signal });
  return (await response.json()) as T;
}

// 128 random bits. (crypto.randomUUID is only there behind TLS or on this machine.)
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Each call has its own idempotency key: an answer that was lost can be asked for again by `key`.
export async function send<T>(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
  key: string = freshKey(),
): Promise<T> {
  const headers: Record<string, string> = { "X-Suan-Console": "1", "Idempotency-Key": key };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await request(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return (await response.json()) as T;
}

// All pages of a list, up to `most` items; `whole` tells whether that was all.
export async function all<Item>(
  path: string,
  field: string,
  query: Query = {},
  most = 5_000,
  signal?: AbortSignal,
): Promise<{ items: Item[]; whole: boolean }> {
  const items: Item[] = [];
  let cursor = "";
  do {
    const page = await get<Record<string, unknown>>(path, { ...query, limit: Math.min(1_000, most - items.length), cursor }, signal);
    items.push(...((page[field] ?? []) as Item[]));
    cursor = String(page["next_cursor"] ?? "");
  } while (cursor && items.length < most);
  return { items, whole: !cursor };
}
