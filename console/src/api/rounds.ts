/** Many questions of one kind, more than a stream takes: asked a few at a time, and again after a while. */
import { useEffect, useRef, useState } from "react";
import { ApiError } from "./http";
import { repeat } from "./repeat";
import type { Live } from "./watch";

const AT_ONCE = 4;
/** Between rounds; longer for many, so that looking at them does not keep the daemon busy. */
const EVERY_MS = 2000;
const EVERY_MS_EACH = 100;
/** How often at most the page is told of answers. */
const TELL_MS = 300;

export type Answers<T> = ReadonlyMap<string, Live<T>>;
export type Ask<T> = (key: string, signal: AbortSignal) => Promise<T>;

/** One round; `tell` gets all that is known each time. Who was refused is not asked again: rights change seldom. */
export async function askAll<T>(keys: readonly string[], ask: Ask<T>, before: Answers<T>, tell: (all: Answers<T>) => void, signal: AbortSignal): Promise<Answers<T>> {
  const all = new Map(before);
  const left = keys.filter((key) => !all.get(key)?.error?.denied);
  let told = Date.now();
  const one = async (key: string) => {
    try {
      all.set(key, { data: await ask(key, signal), loading: false });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      all.set(key, { ...all.get(key), error, loading: false });
    }
  };
  for (let at = 0; at < left.length && !signal.aborted; at += AT_ONCE) {
    await Promise.all(left.slice(at, at + AT_ONCE).map(one));
    if (signal.aborted || Date.now() - told < TELL_MS) continue;
    tell(new Map(all));
    told = Date.now();
  }
  if (!signal.aborted) tell(all);
  return all;
}

const NONE: Answers<never> = new Map();

/** What is known of each; those that have not been asked yet are not in it. */
export function useRounds<T>(keys: readonly string[], ask: Ask<T>): Answers<T> {
  const [answers, setAnswers] = useState<Answers<T>>(NONE);
  const known = useRef(answers); // of other keys too: a list that is searched comes back
  const key = keys.join("\n");
  useEffect(() => {
    if (key === "") return;
    const all = key.split("\n");
    return repeat(async (signal) => {
      known.current = await askAll(all, ask, known.current, setAnswers, signal).catch(() => known.current); // left meanwhile
    }, () => Math.max(EVERY_MS, all.length * EVERY_MS_EACH));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is asked is the same at each rendering
  }, [key]);
  return key === "" ? NONE : answers;
}
