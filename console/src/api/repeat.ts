/**
 * Does `work` again and again, with so much time between, as long as somebody looks at the page. Returns what ends
 * it. `work` deals with its own errors.
 */
export function repeat(work: (signal: AbortSignal) => Promise<void>, pauseMs: () => number, firstMs = 0): () => void {
  const control = new AbortController();
  const round = async () => {
    if (document.visibilityState === "visible") await work(control.signal);
    if (!control.signal.aborted) timer = setTimeout(() => void round(), pauseMs());
  };
  let timer = setTimeout(() => void round(), firstMs);
  return () => {
    control.abort();
    clearTimeout(timer);
  };
}
