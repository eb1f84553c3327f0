/**
 * Figures that training programs print: "Train Epoch: 3 [12800/60000 (21%)] Loss: 0.3", "val_acc=0.97". For jobs
 * without MetricDefinitions, whose figures no service records. Pure.
 */
import { firstFrom, firstNew, type LogLine } from "../../logs/lines";
import type { Point, Series } from "../../plot/series";

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

/** More points than a plot has pixels tell nothing. */
const POINTS_MAX = 2000;

/** Evenly fewer points, the last one always among them. */
export function thinned<T>(points: readonly T[], max = POINTS_MAX): readonly T[] {
  if (points.length <= max) return points;
  const step = points.length / max;
  return Array.from({ length: max }, (_, index) => points[Math.min(points.length - 1, Math.floor((index + 1) * step) - 1)]!);
}

/** Points of a series in memory; of more, the older ones become fewer. */
const POINTS_KEPT = 100_000;

/**
 * Figures of a log that grows: only what is new is looked through, and points of lines that the log lets go of stay.
 * `hostOf` names a stream's host; a figure that several hosts tell is a series for each.
 */
export class Figures {
  private lines: readonly LogLine[] = [];
  private readonly byFigure = new Map<string, Map<string, Point[]>>();

  constructor(private readonly hostOf: (stream: string) => string) {}

  /** All series now, by figure. */
  take(lines: readonly LogLine[]): Map<string, Series[]> {
    if (lines.length === 0) this.byFigure.clear(); // another log begins
    const first = lines[firstNew(this.lines, lines)];
    if (first) this.lookFrom(first.at, lines);
    this.lines = lines;
    return this.series();
  }

  /** Points know their time alone: all lines of the first new one's time are looked through again. */
  private lookFrom(at: number, lines: readonly LogLine[]): void {
    for (const hosts of this.byFigure.values()) {
      for (const points of hosts.values()) while (points.length > 0 && points.at(-1)!.x >= at / 1000) points.pop();
    }
    for (let index = firstFrom(lines, at); index < lines.length; index += 1) this.look(lines[index]!);
  }

  private look({ at, stream, text }: LogLine): void {
    for (const { name, value } of figuresIn(text)) {
      let hosts = this.byFigure.get(name);
      if (!hosts) this.byFigure.set(name, (hosts = new Map()));
      let points = hosts.get(stream);
      if (!points || points.length >= POINTS_KEPT) hosts.set(stream, (points = [...thinned(points ?? [], POINTS_KEPT / 2)]));
      points.push({ x: at / 1000, y: value });
    }
  }

  private series(): Map<string, Series[]> {
    const all = new Map<string, Series[]>();
    for (const [name, hosts] of this.byFigure) {
      const told = [...hosts].filter(([, points]) => points.length > 0).sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
      if (told.length > 0) {
        all.set(name, told.map(([stream, points]) => ({ name: told.length > 1 ? `${name} · ${this.hostOf(stream)}` : name, points: distinct(thinned(points)) })));
      }
    }
    return all;
  }
}

/** One point an instant: of several the last one counts. */
function distinct(points: readonly Point[]): Point[] {
  return points.filter((point, index) => point.x !== points[index + 1]?.x);
}
