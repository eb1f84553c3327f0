/** What a list does not tell of its rows and what does not change: asked of each row once, a few at a time. */
import { useEffect, useRef, useState } from "react";

const AT_ONCE = 4;
/** Between two drawings of a list whose answers come in. */
const TELL_PAUSE_MS = 150;

/** Asks about each name until `signal`; one that cannot be asked about is told as null, and the others go on. */
export async function askEach<T>(
  names: readonly string[], ask: (name: string) => Promise<T>, tell: (name: string, answer: T | null) => void, signal: AbortSignal,
): Promise<void> {
  const left = names.values(); // shared: whoever is free takes the next
  const work = async () => {
    for (const name of left) {
      if (signal.aborted) return;
      tell(name, await ask(name).catch(() => null));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/**
 * By name: the answer, null where it could not be had, undefined as long as it is not there. `known` keeps
 * the answers beyond the page; what failed is asked again with the next change of the names.
 */
export function useAsked<T>(known: Map<string, T>, names: readonly string[], ask: (name: string) => Promise<T>): (name: string) => T | null | undefined {
  const [, draw] = useState(0);
  const failed = useRef(new Set<string>());
  const key = names.join("\n");
  useEffect(() => {
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    failed.current.clear();
    const tell = (name: string, answer: T | null) => {
      if (end.signal.aborted) return; // the answer may be another session's
      if (answer === null) failed.current.add(name);
      else known.set(name, answer);
      timer ??= setTimeout(() => {
        timer = undefined;
        draw((count) => count + 1);
      }, TELL_PAUSE_MS);
    };
    void askEach(key.split("\n").filter((name) => name !== "" && !known.has(name)), ask, tell, end.signal);
    return () => {
      end.abort();
      clearTimeout(timer);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says all about the names; what is asked stays
  }, [key]);
  return (name) => known.get(name) ?? (failed.current.has(name) ? null : undefined);
}
