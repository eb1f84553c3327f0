/** A list in pages, newest first, of which the first one is watched and others were read behind it. Pure. */

/** What a page of an operation says. */
export interface PageOf<Out, T> {
  rows: (page: Out) => readonly T[];
  token: (page: Out) => string | undefined;
  id: (row: T) => string;
}

export interface Behind<T> {
  readonly rows: readonly T[];
  /** Leads on from the last row. */
  readonly token: string | undefined;
  readonly pages: number;
}

export interface Listing<T> {
  /** The rows of the first page, as it was last. */
  readonly first: readonly T[];
  readonly behind: Behind<T> | null;
}

export function shownRows<T>({ first, behind }: Listing<T>, id: (row: T) => string): readonly T[] {
  return behind ? once([...first, ...behind.rows], id) : first;
}

/** A row that is on two pages (the list moved in between) is there once, as it was read last: on the first of them. */
function once<T>(rows: readonly T[], id: (row: T) => string): T[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(id(row)) && seen.add(id(row)));
}

/** With another first page: what newer rows pushed off it stands behind it. A list that ends with it has nothing behind. */
export function followed<T>({ first, behind }: Listing<T>, now: readonly T[], hasMore: boolean, id: (row: T) => string): Listing<T> {
  if (!behind || !hasMore) return { first: now, behind: null };
  const rows = once([...pushedOff(first, now, behind.rows, id), ...behind.rows], id);
  return { first: now, behind: { ...behind, rows } };
}

/** Of what is not on the page any more, that which stood after all that still is; what stood between was deleted. */
function pushedOff<T>(before: readonly T[], now: readonly T[], behind: readonly T[], id: (row: T) => string): readonly T[] {
  const last = now.at(-1);
  const deeper = last !== undefined && behind.some((row) => id(row) === id(last)); // it reaches further down than before: nothing was pushed
  const still = new Set(now.map(id));
  return deeper ? [] : before.slice(before.findLastIndex((row) => still.has(id(row))) + 1);
}

/** With one more page at its end. */
export function continued<Out, T>(list: Listing<T>, page: Out, { rows, token, id }: PageOf<Out, T>): Listing<T> {
  const { behind } = list;
  return { ...list, behind: { rows: once([...(behind?.rows ?? []), ...rows(page)], id), token: token(page), pages: (behind?.pages ?? 0) + 1 } };
}

/**
 * What stands behind a first page now, read again from where that ends: as many rows as there were, and a page more
 * unless the last one is among them: it was deleted, or has moved on to that.
 */
export async function readAgain<Out, T>(
  from: string, behind: Behind<T>, page: PageOf<Out, T>, fetchPage: (token: string) => Promise<Out>,
): Promise<Behind<T>> {
  const last = behind.rows.at(-1);
  const rows: T[] = [];
  let token: string | undefined = from;
  let pages = 0;
  const reached = () => last === undefined || rows.some((row) => page.id(row) === page.id(last));
  for (let further = 1; token !== undefined && (rows.length < behind.rows.length || (!reached() && further-- > 0));) {
    const next: Out = await fetchPage(token);
    rows.push(...page.rows(next));
    token = page.token(next);
    pages += 1;
  }
  return { rows, token, pages };
}

/** With what was read again behind it, beginning when it was `begun`; nothing when a reader has gone on meanwhile. */
export function renewed<T, L extends Listing<T>>(list: L, begun: Listing<T>, behind: Behind<T>, id: (row: T) => string): L {
  if (!list.behind || list.behind.token !== begun.behind?.token) return list;
  return { ...list, ...followed({ first: begun.first, behind }, list.first, true, id) };
}
