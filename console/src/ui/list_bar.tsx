/** Above and below a list: search by name, a choice of status, how many there are, older ones. */
import type { ReactNode } from "react";
import type { Paged } from "../api/pages";
import { plural } from "../lib/format";
import { Button, Panel, SearchBox } from "./controls";
import { Problem } from "./problem";
import { words } from "./status";

interface Statuses { chosen: string; all: readonly string[]; onChoose: (status: string) => void }

/** `noun`: what a row is, "job"; `children`: the table. */
export function ListPanel<T>({ noun, text, onText, statuses, list, children }: {
  noun: string; text: string; onText: (text: string) => void; statuses?: Statuses; list: Paged<T>; children: ReactNode;
}) {
  const { rows, more, busy, error } = list;
  return (
    <Panel flush>
      <div className="list-bar">
        <div className="grow"><SearchBox value={text} onChange={onText} label="Search by name" /></div>
        {statuses && (
          <select className="input" aria-label="Status" value={statuses.chosen} onChange={(event) => statuses.onChoose(event.target.value)}>
            <option value="">Any status</option>
            {statuses.all.map((one) => <option key={one} value={one}>{words(one)}</option>)}
          </select>
        )}
        {rows && <span className="small soft nowrap">{plural(rows.length, noun)}{more && "+"}</span>}
      </div>
      {children}
      {error !== undefined && <Problem error={error} />}
      {more && <div className="table-foot"><Button busy={busy} onClick={more}>Older {noun}s</Button></div>}
    </Panel>
  );
}
