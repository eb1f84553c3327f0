/** The iterations of a Map or the branches of a Parallel as a strip of marks; choosing one shows that one. */
import { useMemo, useState } from "react";
import { duration } from "../../lib/format";
import { Button } from "../../ui/controls";
import { Mark, toneOf } from "../../ui/status";
import { scopeTitle } from "./timeline";
import { scopesOf, statusOf, type Choice, type Scope, type StateStatus, type Visit } from "./view";

/** Marks shown at once. */
const PAGE = 200;
const ORDER: readonly StateStatus[] = ["running", "failed", "caught", "aborted", "succeeded"];

export function Scopes({ visit, version, choice, onChoice, onState }: {
  visit: Visit; version: number; choice: Choice; onChoice: (choice: Choice) => void; onState: (name: string) => void;
}) {
  const [only, setOnly] = useState<StateStatus | null>(null);
  const [page, setPage] = useState(0);
  const all = scopesOf(visit);
  const counts = useMemo(() => {
    const found = new Map<StateStatus, number>();
    for (const scope of all) found.set(statusOf(scope), (found.get(statusOf(scope)) ?? 0) + 1);
    return ORDER.flatMap((status) => (found.has(status) ? [[status, found.get(status)!] as const] : []));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- scopes change in place
  }, [all, version]);
  const shown = only ? all.filter((scope) => statusOf(scope) === only) : all;
  const first = Math.min(page, Math.max(0, Math.ceil(shown.length / PAGE) - 1)) * PAGE;
  const chosen = choice[visit.id];
  const pick = (index: number | undefined) => {
    const next: Record<number, number> = { ...choice };
    if (index === undefined || index === chosen) delete next[visit.id];
    else next[visit.id] = index;
    onChoice(next);
  };
  const scope = all.find((one) => one.index === chosen);
  const length = visit.rounds.at(-1)?.length;
  const what = visit.type === "Map" ? "iterations" : "branches";
  return (
    <div className="scopes">
      <div className="row wrap">
        <strong className="small">{visit.type === "Map" && length !== undefined && length !== all.length ? `${all.length} of ${length}` : all.length} {what}</strong>
        {counts.map(([status, count]) => (
          <Button key={status} look="small" aria-pressed={only === status} onClick={() => {
            setOnly(only === status ? null : status);
            setPage(0);
          }}>{count} {status}</Button>
        ))}
        {chosen !== undefined && <Button look="small" icon="cross" onClick={() => pick(undefined)}>Show all</Button>}
      </div>
      <div className="marks" role="group" aria-label={what}>
        {shown.slice(first, first + PAGE).map((one) => <ScopeMark key={one.index} scope={one} chosen={one.index === chosen} onPick={() => pick(one.index)} />)}
      </div>
      {shown.length > PAGE && (
        <div className="row">
          <Button look="small" icon="left" label="Before" disabled={first === 0} onClick={() => setPage(first / PAGE - 1)} />
          <span className="small soft">{first + 1}–{Math.min(first + PAGE, shown.length)} of {shown.length}</span>
          <Button look="small" icon="right" label="After" disabled={first + PAGE >= shown.length} onClick={() => setPage(first / PAGE + 1)} />
        </div>
      )}
      {scope && (
        <div className="row wrap small">
          <span className="soft">{scopeTitle(scope)} ran</span>
          {[...new Set(scope.visits.map((one) => one.name))].map((name) => <button key={name} type="button" className="link" onClick={() => onState(name)}>{name}</button>)}
        </div>
      )}
    </div>
  );
}

function ScopeMark({ scope, chosen, onPick }: { scope: Scope; chosen: boolean; onPick: () => void }) {
  const status = statusOf(scope);
  const tone = toneOf(status);
  const took = scope.endedAt === undefined ? "" : `, ${duration(scope.endedAt - scope.startedAt)}`;
  return (
    <button type="button" className={`mark-button status ${tone}`} aria-pressed={chosen}
      title={`${scopeTitle(scope)}: ${status}${took}`} aria-label={`${scopeTitle(scope)}, ${status}${took}`} onClick={onPick}>
      <Mark tone={tone} ended={status === "aborted"} size={12} />
    </button>
  );
}
