/**
 * A plot of series over time: values under the cursor (pointer or arrow keys), drag to zoom, and the same
 * figures as a table, which is the text alternative too. The drawing (uPlot) is loaded with the first plot.
 */
import { useId, useMemo, useState } from "react";
import "./plot.css";
import { duration, exactTime } from "../lib/format";
import { later } from "../ui/later";
import { aligned, figure, summary, valueAt, type Series } from "./series";

const Canvas = later(() => import("./canvas"), ({ height }) => <div style={{ height }} />);

/** Epoch seconds, or seconds since a start. */
export type Axis = "time" | "elapsed";

/** Colours of series, in order; from the fifth on the dashes differ as well. */
export const TOKENS = ["--accent", "--caught", "--good", "--bad"] as const;
const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

export interface Look { token: string; dash: readonly number[] }
export function lookOf(index: number): Look {
  // The second dash already for the second series: colour never stands alone.
  return { token: TOKENS[index % TOKENS.length]!, dash: DASHES[(index + Math.floor(index / TOKENS.length)) % DASHES.length]! };
}

export interface PlotProps {
  label: string;
  series: readonly Series[];
  axis?: Axis;
  height?: number;
  /** How values are written; `figure` unless they have a unit. */
  format?: (value: number) => string;
  /** The axis begins at zero: for counts, shares and times, whose size matters more than their changes. */
  fromZero?: boolean;
}

export function Plot({ label, series, axis = "time", height = 180, format = figure, fromZero = false }: PlotProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const data = useMemo(() => aligned(series), [series]);
  const id = useId();
  const x = cursor === null ? undefined : data.xs[cursor];
  return (
    <figure className="plot" aria-labelledby={id}>
      <figcaption id={id} className="visually-hidden">{label}</figcaption>
      <Canvas label={label} names={series.map((one) => one.name)} data={data} axis={axis} height={height} format={format} fromZero={fromZero} onCursor={setCursor} />
      <div className="plot-figures">
        <table>
          <thead>
            <tr>
              <th scope="col">{x === undefined ? "Series" : axis === "time" ? exactTime(x).slice(11, 19) : duration(x)}</th>
              <th scope="col">{x === undefined ? "Last" : "Then"}</th><th scope="col">Least</th><th scope="col">Most</th>
            </tr>
          </thead>
          <tbody>{series.map((one, index) => <Figures key={one.name} series={one} look={lookOf(index)} format={format}
            then={cursor === null ? null : valueAt(data.columns[index] ?? [], cursor)} />)}</tbody>
        </table>
      </div>
    </figure>
  );
}

function Figures({ series, look, then, format }: {
  series: Series; look: Look; then: number | undefined | null; format: (value: number) => string;
}) {
  const all = useMemo(() => summary(series.points), [series.points]);
  const value = then === null ? all?.last : then; // before its first value a series has none
  const text = (one: number | undefined) => (one === undefined ? "–" : format(one));
  return (
    <tr>
      <th scope="row">
        <svg width="22" height="8" aria-hidden="true">
          <line x1="0" y1="4" x2="22" y2="4" strokeWidth="2" stroke={`var(${look.token})`} strokeDasharray={look.dash.join(" ")} />
          </svg>
        {series.name}
      </th>
      <td>{text(value)}</td><td>{text(all?.least)}</td><td>{text(all?.most)}</td>
    </tr>
  );
}
