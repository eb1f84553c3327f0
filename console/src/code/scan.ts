/**
 * JSON while it is being written: where a cursor stands in it, and where a value is. Lenient: what is
 * missing or too much is passed over.
 */

import { tokens, type Token } from "../lib/json";

/** The text that a string token stands for, as far as it has been written. */
function unquoted(text: string, token: Token): string {
  const inner = text.slice(token.from + 1, token.closed ? token.to - 1 : token.to);
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}

export interface Tree {
  readonly from: number;
  to: number;
  readonly kind: "object" | "array" | "text" | "word";
  /** Of strings. */
  readonly text?: string;
  readonly members: { readonly key: string; readonly keyFrom: number; readonly keyTo: number; value: Tree | undefined }[];
  readonly items: Tree[];
}

const leaf = (kind: Tree["kind"], from: number, to: number, text?: string): Tree => ({ kind, from, to, members: [], items: [], ...(text === undefined ? {} : { text }) });

/** The value that a text holds, with where everything in it stands. */
export function treeOf(text: string): Tree | undefined {
  const stack: Tree[] = [];
  let root: Tree | undefined;
  let afterColon = false;
  const put = (value: Tree) => {
    const top = stack.at(-1);
    if (!top) root ??= value;
    else if (top.kind === "array") top.items.push(value);
    else if (top.members.length > 0) top.members.at(-1)!.value ??= value;
    afterColon = false;
  };
  for (const token of tokens(text)) {
    const top = stack.at(-1);
    if (token.kind === "{" || token.kind === "[") {
      const made = leaf(token.kind === "{" ? "object" : "array", token.from, token.to);
      put(made);
      stack.push(made);
    } else if (token.kind === "}" || token.kind === "]") {
      const ended = stack.pop();
      if (ended) ended.to = token.to;
      afterColon = false;
    } else if (token.kind === ":") afterColon = true;
    else if (token.kind === ",") afterColon = false;
    else if (token.kind === "text" && top?.kind === "object" && !afterColon) {
      top.members.push({ key: unquoted(text, token), keyFrom: token.from, keyTo: token.to, value: undefined });
    } else put(token.kind === "text" ? leaf("text", token.from, token.to, unquoted(text, token)) : leaf("word", token.from, token.to));
  }
  for (const open of stack) open.to = text.length;
  return root;
}

export interface Spot {
  /** Keys and indexes down to the object or array that the cursor stands in. */
  readonly path: readonly (string | number)[];
  /** What is written here: a key, or the value of `key`. */
  readonly kind: "key" | "value";
  readonly key: string | undefined;
  /** The token at the cursor, which a completion takes the place of; empty where there is none. */
  readonly from: number;
  readonly to: number;
  readonly quoted: boolean;
  /** Whether a colon follows: then a key needs none. */
  readonly colon: boolean;
}

interface Frame { array: boolean; index: number; key: string | undefined; afterColon: boolean }

/** What stands at a cursor. */
export function spotAt(text: string, at: number): Spot {
  const stack: Frame[] = [];
  let found: Token | undefined;
  let next: Token | undefined;
  for (const token of tokens(text)) {
    if (found) {
      next = token;
      break;
    }
    const inside = token.kind === "text" ? token.from < at && (at < token.to || !token.closed && at === token.to) : token.kind === "word" && token.from <= at && at <= token.to;
    if (inside) {
      found = token;
      continue;
    }
    if (token.from >= at) {
      next = token;
      break;
    }
    step(stack, text, token);
  }
  const top = stack.at(-1);
  return {
    path: stack.slice(0, -1).map((frame) => (frame.array ? frame.index : frame.key ?? "")),
    kind: top && !top.array && !top.afterColon ? "key" : "value",
    key: top?.array ? undefined : top?.key,
    from: found?.from ?? at, to: found?.to ?? at, quoted: found?.kind === "text", colon: next?.kind === ":",
  };
}

function step(stack: Frame[], text: string, token: Token): void {
  const top = stack.at(-1);
  if (token.kind === "{" || token.kind === "[") stack.push({ array: token.kind === "[", index: 0, key: undefined, afterColon: false });
  else if (token.kind === "}" || token.kind === "]") stack.pop();
  else if (token.kind === ":" && top) top.afterColon = true;
  else if (token.kind === "," && top) {
    top.index += 1;
    top.afterColon = false;
    top.key = undefined;
  } else if (token.kind === "text" && top && !top.array && !top.afterColon) top.key = unquoted(text, token);
}

/** What lies at a path, as far as it goes. */
export function treeAt(tree: Tree | undefined, path: readonly (string | number)[]): Tree | undefined {
  let at = tree;
  for (const step of path) {
    at = typeof step === "number" ? at?.items[step] : at?.members.find((member) => member.key === step)?.value;
  }
  return at;
}

export interface Range { readonly from: number; readonly to: number }

/**
 * Where a diagnostic's location is: "/States/A/Branches[0]/StartAt". Names of states may hold slashes
 * and brackets, so the longest name that fits is taken. What is not there leads to what it is missing from.
 */
export function rangeOf(tree: Tree | undefined, location: string): Range | undefined {
  if (!tree) return undefined;
  let best: Range = { from: tree.from, to: Math.min(tree.to, tree.from + 1) };
  let depth = 0;
  const search = (at: Tree, rest: string, range: Range, deep: number): boolean => {
    if (deep > depth) {
      depth = deep;
      best = range;
    }
    if (rest === "") return true;
    const index = /^\[(\d+)\]/.exec(rest);
    if (index) {
      const item = at.items[Number(index[1])];
      if (item && search(item, rest.slice(index[0].length), { from: item.from, to: item.to }, deep + 1)) return true;
    }
    if (!rest.startsWith("/")) return false;
    const fitting = at.members.filter(({ key }) => rest.startsWith(key, 1) && /^([/[]|$)/.test(rest.slice(1 + key.length)));
    return fitting.sort((a, b) => b.key.length - a.key.length).some(({ key, keyFrom, keyTo, value }) => {
      const own: Range = value && (value.kind === "text" || value.kind === "word") ? { from: keyFrom, to: value.to } : { from: keyFrom, to: keyTo };
      return search(value ?? leaf("word", keyFrom, keyTo), rest.slice(1 + key.length), own, deep + 1);
    });
  };
  search(tree, location === "/" ? "" : location, best, 0);
  return best;
}
