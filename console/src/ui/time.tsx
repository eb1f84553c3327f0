/** Times that go on: "3 m ago", "took 12 s so far". One timer for all of them. */
import { useSyncExternalStore } from "react";
import { ago, duration, exactTime } from "../lib/format";

const listeners = new Set<() => void>();
let now = Math.floor(Date.now() / 1000);
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Math.floor(Date.now() / 1000);
    listeners.forEach((tell) => tell());
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Epoch seconds, to the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function Ago({ at }: { at: number | undefined }) {
  const current = useNow();
  if (at === undefined) return <span className="soft">–</span>;
  return <time dateTime={new Date(at * 1000).toISOString()} title={exactTime(at)} className="nowrap">{ago(at, current)}</time>;
}

/** How long something took, or has taken until now while `to` is not known. */
export function Took({ from, to }: { from: number | undefined; to?: number | undefined }) {
  const current = useNow();
  if (from === undefined) return <span className="soft">–</span>;
  return <span className="nowrap">{duration((to ?? Math.max(current, from)) - from)}</span>;
}
