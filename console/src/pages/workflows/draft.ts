/** What was written and not saved, kept in the tab: an address that is gone to by mistake does not take it away. */
import { useEffect, useState } from "react";

const keyOf = (of: string) => `trainyard-draft ${of}`;

function stored(of: string): string | null {
  try {
    return sessionStorage.getItem(keyOf(of));
  } catch {
    return null; // storage is off
  }
}

function keep(of: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(keyOf(of));
    else sessionStorage.setItem(keyOf(of), text);
  } catch {
    // Off or full: the text is as safe as in any form.
  }
}

export interface Draft {
  readonly text: string;
  readonly write: (text: string) => void;
  /** The text is one from before. */
  readonly kept: boolean;
  /** Back to what it began with. */
  readonly drop: () => void;
  /** It is saved, or not wanted. */
  readonly forget: () => void;
}

/** `begun`: what there is without a draft. */
export function useDraft(of: string, begun: string): Draft {
  const [before] = useState(() => stored(of));
  const [text, setText] = useState(before ?? begun);
  const [kept, setKept] = useState(before !== null && before !== begun);
  const [done, setDone] = useState(false);
  useEffect(() => keep(of, done || text === begun ? null : text), [of, text, begun, done]);
  return {
    text, kept, write: setText,
    drop: () => {
      setText(begun);
      setKept(false);
    },
    forget: () => {
      keep(of, null);
      setDone(true);
    },
  };
}
