/** Text to take along: a copy button, a command line, JSON. */
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { reprint } from "../lib/json";
import { Button } from "./controls";

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // where the page is not a secure context
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <Button look="plain" icon={done ? "check" : "copy"} label={done ? "Copied" : label}
      onClick={() => void copyText(text).then(() => setDone(true))} />
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
