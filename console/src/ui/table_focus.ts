/**
 * Rows that are chosen from are one stop of the Tab key: arrow keys go from row to row, and what can be used inside
 * of a row is reached by Tab from that row.
 */
import { useLayoutEffect, useState, type FocusEvent, type KeyboardEvent, type RefObject } from "react";

const USABLE = "a, button, input, select";

type Key = string | number;

/** The row that Tab comes to: the one that had the focus last, as long as it is there; else the chosen one, else the first. */
export function stopOf(shown: readonly Key[], last: Key | undefined, chosen: Key | undefined): Key | undefined {
  return [last, chosen].find((key) => key !== undefined && shown.includes(key)) ?? shown[0];
}

/** Attributes of a row, by its key; none where rows are not chosen from. */
export function useRowFocus(frame: RefObject<HTMLElement | null>, on: boolean, shown: readonly Key[], chosen: Key | undefined) {
  const [last, setLast] = useState<Key | undefined>();
  const stop = stopOf(shown, last, chosen);
  useLayoutEffect(() => {
    if (!on) return;
    for (const row of frame.current?.querySelectorAll<HTMLElement>("tbody tr:not(.spacer)") ?? []) {
      for (const part of row.querySelectorAll<HTMLElement>(USABLE)) {
        if (row.tabIndex === 0) part.removeAttribute("tabindex");
        else part.tabIndex = -1;
      }
    }
  }); // after each rendering: cells are drawn anew as they like
  return (key: Key) => (on ? {
    tabIndex: key === stop ? 0 : -1,
    onFocus: (event: FocusEvent<HTMLElement>) => {
      if (event.currentTarget.contains(event.target) && key !== stop) setLast(key);
    },
  } : {});
}

/** To the row that a key leads to, if it leads to one. */
export function moveFocus(event: KeyboardEvent<HTMLTableRowElement>): void {
  if (event.defaultPrevented) return; // a menu in it goes from item to item
  const row = event.currentTarget;
  const to = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
  if (!(to instanceof HTMLElement) || to.classList.contains("spacer")) return;
  event.preventDefault();
  to.focus();
}
