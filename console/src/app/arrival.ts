/** Who uses a keyboard or listens goes on with the page that came, not from where something stood on the one before. */
import { useEffect, useRef } from "react";

/** Gives the focus to the page when it is another one: not to the first one, where the browser begins by itself. */
export function useArrival(key: string): void {
  const shown = useRef(key);
  useEffect(() => {
    if (shown.current === key) return;
    shown.current = key;
    const main = document.getElementById("main");
    // What has the focus in there has stayed (a search that goes on), or has taken it (the first field of a form).
    if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
  }, [key]);
}
