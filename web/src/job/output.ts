// A task's output as it grows: lines, and the numbers that a job prints about itself.

export interface Point {
  step: number;
  value: number;
}
export type Curves = Map<string, Point[]>;

const names = /^(?:val_|train_|eval_)?(?:loss|acc|accuracy|perplexity|ppl|lr|learning_rate|throughput|tokens_per_second|reward|f1|auc|psnr|ssim|energy|fidelity)$/;
const pairs = /([A-Za-z_][\w]*)\s*[=:]\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g;
const steps = /^(?:step|iter|iteration|epoch|batch)$/;

// "step 10: loss=0.31 acc=0.9", "suan-progress {"fraction":0.4,"metrics":{"loss":0.3}}" and the like.
export function readMetrics(line: string, curves: Curves, fallbackStep: number): void {
  const found: [string, number][] = [];
  let step = fallbackStep;
  const plainStep = /\b(?:step|iter|iteration|epoch)\s+(\d+)/i.exec(line);
  if (plainStep) step = Number(plainStep[1]);
  for (const [, key, text] of line.replaceAll('"', "").matchAll(pairs)) {
    const name = key!.toLowerCase();
    if (steps.test(name)) step = Number(text);
    else if (names.test(name)) found.push([name, Number(text)]);
  }
  for (const [name, value] of found) {
    const curve = curves.get(name) ?? [];
    if (curve.length < 5_000) curve.push({ step, value });
    curves.set(name, curve);
  }
}

// "suan-progress {"fraction":0.4,"message":"…"}"
export function readProgress(line: string): { fraction: number; message: string } | null {
  if (!line.startsWith("suan-progress ")) return null;
  try {
    const said = JSON.parse(line.slice("suan-progress ".length)) as { fraction?: unknown; message?: unknown };
    if (typeof said.fraction !== "number" || !(said.fraction >= 0 && said.fraction <= 1)) return null;
    return { fraction: said.fraction, message: typeof said.message === "string" ? said.message : "" };
  } catch {
    return null;
  }
}

const lines_max = 20_000;

// Lines out of pieces that are cut anywhere. The oldest lines make room.
export class Lines {
  list: string[] = [];
  dropped = 0;
  private rest = "";

  add(text: string): string[] {
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop()!;
    const whole = parts.map((line) => {
      const shown = line.endsWith("\r") ? line.slice(0, -1) : line;
      return shown.slice(shown.lastIndexOf("\r") + 1); // a progress bar that writes over itself
    });
    this.list.push(...whole);
    if (this.list.length > lines_max) {
      this.dropped += this.list.length - lines_max;
      this.list.splice(0, this.list.length - lines_max);
    }
    return whole;
  }
  all(): string[] {
    return this.rest ? [...this.list, this.rest] : this.list;
  }
}
