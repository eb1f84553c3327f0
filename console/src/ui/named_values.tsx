/** Names and values of programs, one a line: parameters, variables. Stacked where it is narrow. */
import "./named_values.css";

export function NamedValues({ label, pairs, faint }: {
  label: string; pairs: readonly (readonly [string, string])[]; faint?: (name: string) => boolean;
}) {
  return (
    <dl className="named-values" aria-label={label}>
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt className={`mono ${faint?.(name) ? "soft" : ""}`}>{name}</dt>
          <dd className="mono">{value === "" ? <span className="soft">(empty)</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
