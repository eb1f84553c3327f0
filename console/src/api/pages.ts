/** Lists that are longer than a page: the first page stays true, older ones are read when they are asked for, and again from time to time. */
import { useEffect, useMemo, useRef, useState } from "react";
import { continued, followed, readAgain, renewed, shownRows, type Listing, type PageOf } from "./listing";
import { repeat } from "./repeat";
import type { Live } from "./watch";

export interface Paged<T> {
  rows: readonly T[] | undefined;
  /** There is more; `more` reads it. */
  more: (() => void) | undefined;
  busy: boolean;
  error: unknown;
}

/** Between rounds of reading older pages again, for each of them: long lists do not keep the daemon busy. */
const AGAIN_MS_A_PAGE = 5000;

interface State<Out, T> extends Listing<T> { readonly key: string; readonly page: Out | undefined }

/**
 * `key` says what is listed: when it changes, what was read behind the first page is forgotten. Rows that newer ones
 * push off the first page stay.
 */
export function usePages<Out, T>(
  first: Live<Out>, key: string, rows: (page: Out) => readonly T[], token: (page: Out) => string | undefined,
  id: (row: T) => string, fetchPage: (token: string) => Promise<Out>,
): Paged<T> {
  const page: PageOf<Out, T> = { rows, token, id };
  const [state, setState] = useState<State<Out, T>>({ key, page: undefined, first: [], behind: null });
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ key: string; error: unknown }>();
  const now = arrived(state, key, first.data, page);
  if (now !== state) setState(now);
  const next = now.behind ? now.behind.token : now.page && token(now.page);

  const more = async (from: string) => {
    setBusy(true);
    setFault(undefined);
    try {
      const answer = await fetchPage(from);
      setState((old) => (old.key === key ? { ...old, ...continued(old, answer, page) } : old));
    } catch (error) {
      setFault({ key, error });
    }
    setBusy(false);
  };
  const again = async () => {
    const from = now.page && token(now.page);
    if (!now.behind || from === undefined || busy) return;
    try {
      const behind = await readAgain(from, now.behind, page, fetchPage);
      setState((old) => (old.key === key ? renewed(old, now, behind, id) : old));
      setFault(undefined);
    } catch (error) {
      setFault({ key, error });
    }
  };
  const latest = useRef(again);
  latest.current = again;
  const everyMs = (now.behind?.pages ?? 0) * AGAIN_MS_A_PAGE;
  useEffect(() => (everyMs > 0 ? repeat(() => latest.current(), () => everyMs, everyMs) : undefined), [everyMs]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- what a row is called by is the same at each rendering
  const shown = useMemo(() => shownRows(now, id), [now]);
  return {
    rows: first.data && shown, busy, error: fault?.key === key ? fault.error : undefined,
    more: next === undefined ? undefined : () => void (busy || more(next)),
  };
}

/** With the first page as it is now. */
function arrived<Out, T>(state: State<Out, T>, key: string, page: Out | undefined, { rows, token, id }: PageOf<Out, T>): State<Out, T> {
  const before = state.key === key ? state : { key, page: undefined, first: [], behind: null };
  if (page === undefined || page === before.page) return before;
  return { key, page, ...followed(before, rows(page), token(page) !== undefined, id) };
}
