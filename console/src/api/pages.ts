/** Lists that are longer than a page: the first page stays true, older ones are read when they are asked for. */
import { useEffect, useRef, useState } from "react";
import type { Live } from "./watch";

export interface Paged<T> {
  rows: T[] | undefined;
  /** There is more; `more` reads it. */
  more: (() => void) | undefined;
  busy: boolean;
  error: unknown;
}

/**
 * `key` says what is listed: when it changes, what was read behind the first page is forgotten. A row that is on
 * two pages (the list moved in between) is shown once, as the first page has it.
 */
export function usePages<Out, T>(
  first: Live<Out>, key: string, rows: (page: Out) => readonly T[], token: (page: Out) => string | undefined,
  id: (row: T) => string, fetchPage: (token: string) => Promise<Out>,
): Paged<T> {
  const [behind, setBehind] = useState<{ rows: T[]; token: string | undefined } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const current = useRef(key);
  current.current = key;
  useEffect(() => setBehind(null), [key]);
  const next = behind ? behind.token : first.data && token(first.data);
  const more = async () => {
    if (!next) return;
    setBusy(true);
    setError(undefined);
    try {
      const page = await fetchPage(next);
      if (current.current === key) setBehind((old) => ({ rows: [...(old?.rows ?? []), ...rows(page)], token: token(page) }));
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  return {
    rows: first.data && once([...rows(first.data), ...(behind?.rows ?? [])], id),
    more: next ? () => void more() : undefined, busy, error,
  };
}

function once<T>(rows: readonly T[], id: (row: T) => string): T[] {
  const seen = new Set<string>();
  return rows.filter((row) => !seen.has(id(row)) && seen.add(id(row)));
}
