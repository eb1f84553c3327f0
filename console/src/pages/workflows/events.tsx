/** All events, as the service has them. */
import { useDeferredValue, useMemo, useState } from "react";
import type { HistoryEvent } from "@types-of/states";
import { duration, exactTime } from "../../lib/format";
import { laidOpen } from "../../lib/json";
import { Button, Empty, SearchBox, SelectField } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Table, type Column } from "../../ui/table";
import { filtered, KINDS, toneOfEvent, type Kind } from "./event_filter";
import type { History } from "./history";

const HEIGHT = 480;
/** Members of events that hold JSON. */
const JSON_WITHIN = ["input", "output", "parameters", "cause"];

export function Events({ history, version, loading, state }: { history: History; version: number; loading: boolean; state: string }) {
  const [kind, setKind] = useState<Kind>("all");
  const [name, setName] = useState<string | undefined>(); // as long as it is undefined, the state that is chosen in the graph
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<number | undefined>();
  const wanted = useDeferredValue(search);
  const of = name ?? state;
  const rows = useMemo(
    () => (loading ? undefined : filtered(history.events, history.visitOf, { kind, state: of, text: wanted })),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the history is the same object; the version says that it has grown
    [history, version, loading, kind, of, wanted],
  );
  const columns = useMemo(() => columnsOf(history), [history]);
  const names = [...history.byName.keys()];
  const event = chosen === undefined ? undefined : history.events[chosen - 1];
  return (
    <div className="inside stack">
      <div className="events-filters">
        <SearchBox label="Search events" value={search} onChange={setSearch} />
        <SelectField label="Kind" value={kind} onChange={setKind} options={KINDS} />
        <SelectField label="State" value={names.includes(of) ? of : ""} onChange={setName} options={[["", "All states"], ...names.map((one) => [one, one] as const)]} />
        <span className="soft small">{rows && `${rows.length.toLocaleString("en-US")} of ${history.events.length.toLocaleString("en-US")}`}</span>
      </div>
      <div className={event ? "events-both" : ""}>
        <Table label="Events" columns={columns} rows={rows} rowKey={(row) => row.id} height={HEIGHT}
          chosen={chosen} onChoose={(row) => setChosen(row.id === chosen ? undefined : row.id)}
          empty={<Empty title="No event is like that."><Button onClick={() => {
            setKind("all");
            setName("");
            setSearch("");
          }}>Show all events</Button></Empty>} />
        {event && (
          <div className="events-detail">
            <div className="row spread"><h3>{event.id} {event.type}</h3><Button look="plain" icon="cross" label="Close the event" onClick={() => setChosen(undefined)} /></div>
            <Json value={laidOpen(event, JSON_WITHIN)} label={exactTime(event.timestamp)} />
          </div>
        )}
      </div>
    </div>
  );
}

function columnsOf(history: History): readonly Column<HistoryEvent>[] {
  return [
    { title: "ID", cell: (event) => event.id, sort: (event) => event.id, number: true, width: 72 },
    { title: "Type", cell: (event) => <span className={`event-type ${toneOfEvent(event.type) ?? ""}`}>{event.type}</span>, sort: (event) => event.type },
    { title: "State", cell: (event) => <span className="event-state">{history.visitOf[event.id]?.name ?? ""}</span>, sort: (event) => history.visitOf[event.id]?.name ?? "" },
    { title: "After", cell: (event) => duration(event.timestamp - history.root.startedAt), sort: (event) => event.timestamp, number: true, width: 110 },
    { title: "At", cell: (event) => exactTime(event.timestamp).slice(11), minor: true, width: 130 },
  ];
}
