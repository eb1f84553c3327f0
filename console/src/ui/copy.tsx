/** Text to take along: a copy button, a command line, JSON. */
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { copyText } from "../lib/clipboard";
import { reprint } from "../lib/json";
import { Button } from "./controls";
import { toast } from "./dialog";

/** Copies what the page does not show, and says so: `done`. What could not be copied is shown, to be taken by hand. */
export async function copyUnseen(text: string, done: string): Promise<void> {
  if (await copyText(text)) toast("good", done);
  else toast("bad", <>Could not copy: select the text here and press Ctrl C.<pre className="code long" tabIndex={0}>{text}</pre></>);
}

/** Copies what stands beside it. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState<boolean | undefined>();
  useEffect(() => {
    if (done !== true) return;
    const timer = setTimeout(() => setDone(undefined), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <>
      <Button look="plain" icon={done ? "check" : "copy"} label={done ? "Copied" : label} onClick={() => void copyText(text).then(setDone)} />
      {done === false && <span className="copy-failed" role="alert">Could not copy: select the text and press Ctrl C.</span>}
    </>
  );
}

export function Command({ children }: { children: string }) {
  return <div className="command"><code tabIndex={0}>{children}</code><Copy text={children} /></div>;
}

/** How much of a text is coloured and shown at once. */
const SHOWN_MAX = 40_000;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** JSON text with its keys, texts, numbers and words told apart. */
export function coloured(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const kind = match[2] !== undefined ? "key" : match[1] ? "text" : match[3] ? "number" : "word";
    const token = match[1] ?? match[0];
    parts.push(<span key={match.index} className={kind}>{token}</span>);
    if (match[2]) parts.push(match[2]);
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** JSON as people read it, from a text or a value; a text that is no JSON is shown as it is. */
export function Json({ value, label = "JSON" }: { value: unknown; label?: string }) {
  const [all, setAll] = useState(false);
  const pretty = useMemo(() => (typeof value === "string" ? reprint(value) : JSON.stringify(value, null, 2) ?? ""), [value]);
  const shown = all ? pretty : pretty.slice(0, SHOWN_MAX);
  const parts = useMemo(() => coloured(shown), [shown]);
  return (
    <div className="json">
      <div className="row spread"><span className="soft small">{label}</span><Copy text={pretty} /></div>
      <pre className="code" tabIndex={0} aria-label={label}>{parts}</pre>
      {shown.length < pretty.length && (
        <Button look="small" onClick={() => setAll(true)}>Show all {pretty.length.toLocaleString("en-US")} characters</Button>
      )}
    </div>
  );
}
