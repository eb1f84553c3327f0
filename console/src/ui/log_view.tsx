/**
 * The lines of many streams as one log: searched, followed to its end, copied and downloaded. Only the rows
 * that are seen are drawn. What programs printed is text, never markup.
 */
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import "./log_view.css";
import { plural } from "../lib/format";
import { saveAs } from "../lib/save";
import { asText, clock, found, goneOf, pieces, type LogLine } from "../logs/lines";
import { Button, Empty, Skeleton } from "./controls";
import { copyUnseen } from "./copy";
import { Problem } from "./problem";
import { useWindow } from "./window";

const ROW_HEIGHT = 18;
/** Nearer to the end than this (CSS pixels) the log goes on following. */
const END_SLACK = 8;

export interface LogViewProps {
  label: string; // what the file is named after
  lines: readonly LogLine[];
  streams: readonly string[];
  /** A stream's name as it is shown: "algo-1". */
  nameOf: (stream: string) => string;
  loading: boolean;
  error?: unknown;
  dropped?: number;
  empty: ReactNode;
  height?: number;
}

export function LogView({ label, lines, streams, nameOf, loading, error, dropped = 0, empty, height = 420 }: LogViewProps) {
  const [stream, setStream] = useState("");
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const shown = useMemo(() => (stream === "" ? lines : lines.filter((line) => line.stream === stream)), [lines, stream]);
  const wanted = useDeferredValue(text); // typing goes first
  const hits = useMemo(() => found(shown, wanted), [shown, wanted]);
  const current = hits[Math.min(at, hits.length - 1)];
  const step = (by: number) => setAt((old) => (hits.length === 0 ? 0 : (Math.min(old, hits.length - 1) + by + hits.length) % hits.length));
  const [follows, setFollows] = useState(true);
  return (
    <div className="log">
      <div className="log-bar">
        {streams.length > 1 && (
          <select className="input" aria-label="Host" value={stream} onChange={(event) => setStream(event.target.value)}>
            <option value="">All {streams.length}</option>
            {streams.map((one) => <option key={one} value={one}>{nameOf(one)}</option>)}
          </select>
        )}
        <input className="input log-search" type="search" aria-label={`Search in ${label}`} placeholder="Search" spellCheck={false} value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            step(event.shiftKey ? -1 : 1);
          }} />
        {text !== "" && (
          <span className="log-count small" role="status">
            {hits.length === 0 ? "no match" : `${Math.min(at, hits.length - 1) + 1} of ${hits.length.toLocaleString("en-US")}`}
            <Button look="plain" icon="left" label="Previous match" disabled={hits.length === 0} onClick={() => step(-1)} />
            <Button look="plain" icon="right" label="Next match" disabled={hits.length === 0} onClick={() => step(1)} />
          </span>
        )}
        <span className="log-tools">
          <Button look="plain" icon="copy" label={`Copy ${label}`} disabled={shown.length === 0}
            onClick={() => void copyUnseen(asText(shown), `${plural(shown.length, "line")} copied.`)} />
          <Button look="plain" icon="download" label={`Download ${label}`} disabled={shown.length === 0} 
            onClick={() => saveAs(`${label}.log`, new Blob([asText(shown)], { type: "text/plain" }))} />
        </span>
      </div>
      {error !== undefined && <Problem error={error} />}
      {shown.length === 0 && error !== undefined ? null : shown.length === 0
        ? <div style={{ padding: 16 }}>{loading ? <Skeleton /> : <Empty title="No lines yet">{empty}</Empty>}</div>
        : <Rows label={label} lines={shown} text={text} current={current} several={stream === "" && streams.length > 1}
            dropped={dropped} nameOf={nameOf} height={height} follows={follows && text === ""} setFollows={setFollows} />}
      <div className="log-foot small soft">
        <span>{plural(shown.length, "line")}{dropped > 0 && ` (the ${plural(dropped, "line")} before are not kept here)`}{loading && shown.length > 0 && " · reading…"}</span>
        {shown.length > 0 && !follows && <Button look="small" icon="down" onClick={() => { setText(""); setFollows(true); }}>To the end</Button>}
        {shown.length > 0 && follows && text === "" && <span>follows the end</span>}
      </div>
    </div>
  );
}

function Rows({ label, lines, dropped, text, current, several, nameOf, height, follows, setFollows }: {
  label: string; lines: readonly LogLine[]; dropped: number; text: string; current: number | undefined; several: boolean;
  nameOf: (stream: string) => string; height: number; follows: boolean; setFollows: (follows: boolean) => void;
}) {
  const { frame, first, last } = useWindow(lines.length, ROW_HEIGHT, true);
  const before = useRef(0); // where it was scrolled to: only the reader's way up ends the following
  const seen = useRef({ lines, dropped });
  useLayoutEffect(() => {
    const gone = dropped > seen.current.dropped ? goneOf(seen.current.lines, lines) ?? 0 : 0;
    seen.current = { lines, dropped };
    // The lines that are looked at stay where they are.
    if (!follows && gone > 0 && frame.current) frame.current.scrollTop -= gone * ROW_HEIGHT;
  }, [follows, lines, dropped, frame]);
  useLayoutEffect(() => {
    if (follows && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [follows, lines, frame]);
  useEffect(() => {
    const element = frame.current;
    if (!element || current === undefined) return;
    const top = current * ROW_HEIGHT;
    const hidden = top < element.scrollTop || top > element.scrollTop + element.clientHeight - 2 * ROW_HEIGHT;
    if (hidden) element.scrollTop = top - element.clientHeight / 2;
  }, [current, text, frame]);
  return (
    <div className="log-rows" ref={frame} tabIndex={0} role="log" aria-live="off" aria-label={label} style={{ height }}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        const atEnd = scrollTop + clientHeight >= scrollHeight - END_SLACK;
        if (atEnd) setFollows(true);
        else if (scrollTop < before.current) setFollows(false);
        before.current = scrollTop;
      }}>
      <div className="log-all" style={{ paddingTop: first * ROW_HEIGHT, height: lines.length * ROW_HEIGHT }}>
        {lines.slice(first, last).map((line, index) => (
          <div key={first + index} className={`log-row ${first + index === current ? "current" : ""}`}>
            <time title={new Date(line.at).toISOString()}>{clock(line.at)}</time>
            {several && <b>{nameOf(line.stream)}</b>}
            <span>{text === "" ? line.text : pieces(line.text, text).map((piece, part) => (piece.hit ? <mark key={part}>{piece.text}</mark> : piece.text))}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
