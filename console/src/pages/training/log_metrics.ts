/**
 * Figures that training programs print: "Train Epoch: 3 [12800/60000 (21%)] Loss: 0.3", "val_acc=0.97". For jobs
 * without MetricDefinitions, whose figures no service records. Pure.
 */
import type { LogLine } from "../../logs/lines";
import type { Series } from "../../plot/series";

const NUMBER = "([-+]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[-+]?\\d+)?)";
/** name: 0.5, name=0.5, Accuracy: 9408/10000 (94%). The name may have two words before it ("Average loss"). */
const FIGURE = new RegExp(`((?:[a-z]+ )?[a-z_][\\w/-]*?)\\s*[:=]\\s*${NUMBER}(?:\\s*/\\s*(\\d+))?(%?)`, "gi");
const EPOCH = /\bepoch\b\s*[:=#[(]?\s*(\d+)(?:\s*(?:\/|of)\s*(\d+))?/i;
const WANTED = /(loss|acc|accuracy|error|err|auc|f1|rmse|mse|mae|perplexity|ppl|lr|learning_rate)$/i;

export interface Found { name: string; value: number }

/** "Test set: Average loss" of a line that begins with "Test": figures of the same name are told apart. */
function phaseOf(text: string): string {
  const word = /\b(train|test|val|valid|validat|eval)(?:ing|ion|uation|uating)?\b/i.exec(text)?.[1]?.toLowerCase();
  if (!word) return "";
  return word.startsWith("val") || word === "eval" ? "validation " : `${word} `;
}

const HINT = /loss|acc|err|auc|f1|mse|mae|perplexity|ppl|lr|learning_rate/i;

export function figuresIn(text: string): Found[] {
  if (!HINT.test(text)) return [];
  const found: Found[] = [];
  const phase = phaseOf(text);
  for (const match of text.matchAll(FIGURE)) {
    const name = match[1]!.split(" ").at(-1)!.toLowerCase();
    if (!WANTED.test(name)) continue;
    const of = match[3] ? Number(match[3]) : undefined;
    const value = of ? Number(match[2]) / of : Number(match[2]) / (match[4] === "%" ? 100 : 1);
    if (Number.isFinite(value)) found.push({ name: /^(train|test|val)/.test(name) ? name : phase + name, value });
  }
  return found;
}

/** What the program last said of its epochs: "epoch 3/6"; `epochs` is the hyperparameter, where there is one. */
export function epochOf(lines: readonly LogLine[], epochs: string | undefined): string | undefined {
  for (let index = lines.length - 1; index >= Math.max(0, lines.length - 2000); index -= 1) {
    const match = EPOCH.exec(lines[index]!.text);
    if (!match) continue;
    const all = match[2] ?? (epochs && /^\d+$/.test(epochs) ? epochs : undefined);
    return all ? `epoch ${match[1]}/${all}` : `epoch ${match[1]}`;
  }
  return undefined;
}

/** Lines stay the same objects while a log grows: each is looked through once. */
const known = new WeakMap<LogLine, Found[]>();

function figuresOf(line: LogLine): Found[] {
  let found = known.get(line);
  if (!found) known.set(line, (found = figuresIn(line.text)));
  return found;
}

/** More points than a plot has pixels tell nothing. */
const POINTS_MAX = 2000;

/** Evenly fewer points, the last one always among them. */
export function thinned<T>(points: readonly T[], max = POINTS_MAX): readonly T[] {
  if (points.length <= max) return points;
  const step = points.length / max;
  return Array.from({ length: max }, (_, index) => points[Math.min(points.length - 1, Math.floor((index + 1) * step) - 1)]!);
}

/** A series for each figure; those of several hosts by host. Values of the same millisecond: the last one counts. */
export function seriesIn(lines: readonly LogLine[], hostOf: (stream: string) => string): Map<string, Series[]> {
  const byFigure = new Map<string, Map<string, { x: number; y: number }[]>>();
  for (const line of lines) {
    for (const { name, value } of figuresOf(line)) {
      const hosts = byFigure.get(name) ?? new Map<string, { x: number; y: number }[]>();
      byFigure.set(name, hosts);
      const points = hosts.get(line.stream) ?? [];
      hosts.set(line.stream, points);
      const x = line.at / 1000;
      if (points.at(-1)?.x === x) points.pop();
      points.push({ x, y: value });
    }
  }
  return new Map([...byFigure].map(([name, hosts]) => [
    name, [...hosts].map(([stream, points]) => ({ name: hosts.size > 1 ? `${name} · ${hostOf(stream)}` : name, points: thinned(points) })),
  ]));
}
