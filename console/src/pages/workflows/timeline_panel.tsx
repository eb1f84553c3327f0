/** When each state ran, beside all others. */
import { memo, useCallback, useMemo, useState } from "react";
import { duration, exactTime } from "../../lib/format";
import { Empty, Skeleton } from "../../ui/controls";
import { Icon } from "../../ui/icon";
import { Mark, toneOf } from "../../ui/status";
import { useNow } from "../../ui/time";
import { useWindow } from "../../ui/window";
import type { History } from "./history";
import { rowsOf, ticks, type Row } from "./timeline";

const ROW_HEIGHT = 28;
const TICKS_MAX = 6;
/** From here on rows that nobody sees are not drawn. */
const WINDOWED_FROM = 100;

interface Scale { from: number; seconds: number; now: number }

export function TimelinePanel({ history, version, loading, complete, chosen, onState }: {
  history: History; version: number; loading: boolean; complete: boolean; chosen: string; onState: (name: string) => void;
}) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const now = useNow();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the history is the same object; the version says that it has grown
  const rows = useMemo(() => rowsOf(history.root, toggled), [history, version, toggled]);
  const windowed = rows.length > WINDOWED_FROM;
  const { frame, first, last } = useWindow(rows.length, ROW_HEIGHT, windowed);
  const from = history.root.startedAt;
  const lastSeen = history.events.at(-1)?.timestamp ?? from;
  const to = history.root.endedAt ?? (complete ? Math.max(now, lastSeen) : lastSeen);
  const scale = useMemo((): Scale => ({ from, seconds: Math.max(to - from, 0.001), now: to }), [from, to]);
  const toggle = useCallback((key: string) => setToggled((before) => {
    const next = new Set(before);
    if (!next.delete(key)) next.add(key);
    return next;
  }), []);
  if (loading) return <div className="inside"><Skeleton /></div>;
  if (rows.length === 0) return <Empty title="No state has been entered yet." />;
  const shown = windowed ? rows.slice(first, last) : rows;
  return (
    <div className="timeline">
      <div className="timeline-axis" aria-hidden="true">
        <span />
        <div className="timeline-track">
          {ticks(scale.seconds, TICKS_MAX).map((at) => <span key={at} style={{ left: `${(at / scale.seconds) * 100}%` }}>{at === 0 ? "0" : duration(at)}</span>)}
        </div>
        <span />
      </div>
      <div className="timeline-rows" ref={frame} tabIndex={0} role="region" aria-label="Timeline of states">
        <ul>
          {windowed && <li aria-hidden="true" style={{ height: first * ROW_HEIGHT }} />}
          {shown.map((row) => <Line key={row.key} row={row} scale={scale} chosen={row.visit?.name === chosen} onToggle={toggle} onState={onState} />)}
          {windowed && <li aria-hidden="true" style={{ height: (rows.length - last) * ROW_HEIGHT }} />}
        </ul>
      </div>
    </div>
  );
}

/** Only rows that come into view are made while one scrolls. */
const Line = memo(function Line({ row, scale, chosen, onToggle, onState }: {
  row: Row; scale: Scale; chosen: boolean; onToggle: (key: string) => void; onState: (name: string) => void;
}) {
  const tone = toneOf(row.status);
  const { visit, group } = row;
  const took = duration((row.to ?? scale.now) - row.from);
  return (
    <li className={`timeline-row ${chosen ? "chosen" : ""}`}>
      <div className="timeline-name" style={{ paddingLeft: `calc(4px + ${row.depth} * var(--timeline-indent))` }}>
        {group
          ? <button type="button" className="timeline-toggle" aria-expanded={group.open}
              aria-label={`What is inside of ${row.label}`} onClick={() => onToggle(group.key)}>
              <Icon name={group.open ? "down" : "right"} size={12} />
              </button>
          : <span className="timeline-toggle" />}
        <span className={`status ${tone}`}><Mark tone={tone} ended={row.status === "aborted"} size={10} /></span>
        {visit
          ? <button type="button" className="link" aria-label={`${row.label}, ${row.status}, ${took}`} onClick={() => onState(visit.name)}>{row.label}</button>
          : <span className="soft">{row.label}</span>}
      </div>
      <div className="timeline-track">
        {row.segments.map((segment, index) => <Bar key={index} from={segment.from} to={segment.to} tone={toneOf(segment.status)} scale={scale} />)}
      </div>
      <span className="timeline-took">{took}</span>
    </li>
  );
});

function Bar({ from, to, tone, scale }: { from: number; to: number | undefined; tone: string; scale: Scale }) {
  const end = to ?? scale.now;
  return (
    <span className={`timeline-bar ${tone} ${to === undefined ? "open" : ""}`} title={`${exactTime(from)}, ${duration(end - from)}`}
      style={{ left: `${((from - scale.from) / scale.seconds) * 100}%`, width: `${(Math.max(end - from, 0) / scale.seconds) * 100}%` }} />
  );
}
