/** JSON as a text: its lexemes, and the same text laid out anew. Figures stay as they were written, however long they are. */

export interface Token { kind: "{" | "}" | "[" | "]" | ":" | "," | "text" | "word"; from: number; to: number; closed: boolean }

/** Lenient: what is missing or too much is passed over. */
export function* tokens(text: string): Generator<Token> {
  const pattern = /[{}[\]:,"]|[^\s{}[\]:,"]+/g;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const from = match.index;
    const first = match[0][0]!;
    const { to, closed } = first === '"' ? endOfText(text, from + 1) : { to: pattern.lastIndex, closed: true };
    pattern.lastIndex = to;
    yield { kind: first === '"' ? "text" : "{}[]:,".includes(first) ? (first as Token["kind"]) : "word", from, to, closed };
  }
}

/** Behind the quote that ends a string, or at the end of the line. By hand: a regular expression keeps a way back at each character, and texts are megabytes. */
function endOfText(text: string, from: number): { to: number; closed: boolean } {
  let at = from;
  while (at < text.length && text[at] !== '"' && text[at] !== "\n") at += text[at] === "\\" && text[at + 1] !== "\n" ? 2 : 1;
  const closed = text[at] === '"';
  return { to: Math.min(text.length, closed ? at + 1 : at), closed };
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What lies deeper stands on one line: the space before lines must not grow with the square of the depth. */
const LEVELS_MAX = 64;

/** `level`: of the line that begins; `inside`: the deepest level that it belongs to. */
const line = (level: number, inside: number) => (inside > LEVELS_MAX ? "" : `\n${"  ".repeat(level)}`);
const opens = (kind: Token["kind"] | undefined) => kind === "{" || kind === "[";

/** On lines of its own, as `JSON.stringify` has them; numbers and strings are what they were. What is no JSON is left as it is. */
export function reprint(text: string): string {
  if (!isJson(text)) return text;
  const parts: string[] = [];
  let level = 0;
  let last: Token["kind"] | undefined;
  for (const { kind, from, to } of tokens(text)) {
    const closes = kind === "}" || kind === "]";
    if (closes) level -= 1;
    if (closes && !opens(last)) parts.push(line(level, level + 1));
    else if (!closes && opens(last)) parts.push(line(level, level));
    parts.push(text.slice(from, to));
    if (opens(kind)) level += 1;
    else if (kind === ",") parts.push(line(level, level));
    else if (kind === ":") parts.push(" ");
    last = kind;
  }
  return parts.join("");
}

/** A value as JSON; members named in `open`, which hold JSON as a text, are laid open in it as they were written. */
export function laidOpen(value: unknown, open: readonly string[]): string {
  return reprint(written("", value, open));
}

function written(key: string, value: unknown, open: readonly string[]): string {
  if (typeof value === "string" && open.includes(key) && isJson(value)) return value;
  if (Array.isArray(value)) return `[${value.map((one) => written("", one, open)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${written(name, one, open)}`).join(",")}}`;
}

/** Written on one line, a document is spread out to be read; else it stays as somebody wrote it. */
export function readable(text: string): string {
  return text.includes("\n") ? text : reprint(text);
}
