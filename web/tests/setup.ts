import { beforeAll, vi } from "vitest";
import { startLanguage } from "../src/i18n";

// What jsdom lacks and the components ask for.
class Watch {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal("ResizeObserver", Watch);
window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} })) as unknown as typeof window.matchMedia;
beforeAll(() => startLanguage("en"));
