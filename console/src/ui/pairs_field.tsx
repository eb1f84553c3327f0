/** Rows of two texts that grow and shrink: parameters, variables, tags. */
import type { Pairs } from "../lib/pairs";
import "./pairs_field.css";
import { Button } from "./controls";

export function PairsField({ label, names, pairs, onChange, add, wrong }: {
  label: string; names: readonly [string, string]; pairs: Pairs; onChange: (pairs: Pairs) => void; add: string; wrong?: string | undefined;
}) {
  const put = (index: number, pair: readonly [string, string]) => onChange(pairs.map((one, at) => (at === index ? pair : one)));
  return (
    <fieldset className="pairs">
      <legend>{label}</legend>
      {pairs.map(([name, value], index) => (
        <div className="pairs-row" key={index}>
          <input className="input mono" aria-label={`${names[0]} ${index + 1}`} placeholder={names[0]} value={name} spellCheck={false}
            onChange={(event) => put(index, [event.target.value, value])} />
          <input className="input mono" aria-label={`${names[1]} ${index + 1}`} placeholder={names[1]} value={value} spellCheck={false}
            onChange={(event) => put(index, [name, event.target.value])} />
          <Button look="plain" icon="cross" label={`Remove ${name || `row ${index + 1}`}`} onClick={() => onChange(pairs.filter((_, at) => at !== index))} />
        </div>
      ))}
      {wrong && <div className="wrong">{wrong}</div>}
      <div><Button look="small" icon="plus" onClick={() => onChange([...pairs, ["", ""]])}>{add}</Button></div>
    </fieldset>
  );
}
