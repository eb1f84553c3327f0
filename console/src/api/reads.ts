/** Many reads of one kind, as many as there are things to ask about. */
import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";
import { hub, type Live, type Read } from "./watch";

/** What is known of each, in order. As with `useRead`, the keys of the reads say all about them. */
export function useReads<T>(questions: readonly Read<T>[]): readonly Live<T>[] {
  const key = questions.map((one) => one.key).join("\n");
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const stable = useMemo(() => questions, [key]);
  const last = useRef<readonly Live<T>[]>([]);
  const subscribe = useCallback((listener: () => void) => {
    const ends = stable.map((one) => hub.subscribe(one, listener));
    return () => ends.forEach((end) => end());
  }, [stable]);
  const current = useCallback(() => {
    const now = stable.map((one) => hub.current(one.key) as Live<T>);
    // The same answers are the same list: React asks again and again whether it has changed.
    const same = now.length === last.current.length && now.every((one, index) => one === last.current[index]);
    if (!same) last.current = now;
    return last.current;
  }, [stable]);
  return useSyncExternalStore(subscribe, current);
}
