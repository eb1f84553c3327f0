/** Which rows of a long list are seen, so that only they are drawn. */
import { useLayoutEffect, useRef, useState } from "react";

/** Rows drawn above and below of what is seen: a scroll of a few rows shows no gap. */
const OVERSCAN = 12;

export function useWindow(count: number, rowHeight: number, on: boolean) {
  const frame = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ first: 0, last: 60 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || !on) return;
    const measure = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - OVERSCAN);
      const last = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + OVERSCAN);
      setRange((old) => (old.first === first && old.last === last ? old : { first, last }));
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [count, rowHeight, on]);
  return { frame, ...range };
}
