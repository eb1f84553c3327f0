/** An array: its shape and type, its values, and a picture of its planes. */
import { useEffect, useMemo, useRef, useState } from "react";
import { Facts, Field, Note } from "../../ui/controls";
import { arrayOf, figure, picture, planeOf, planesOf, rangeOf, type Numbers, type Plane } from "./arrays";

/** Drawn as a picture up to so many values a side. */
const PICTURE_MAX = 2048;
const VALUES_MAX = 256;
const GRID_MAX = 32;

export function ArrayView({ bytes, type }: { bytes: Uint8Array; type: string }) {
  const array = useMemo(() => {
    try {
      return arrayOf(bytes);
    } catch (error) {
      return error as Error;
    }
  }, [bytes]);
  if (array instanceof Error) return <Note tone="caught">{array.message}</Note>;
  return <Shown array={array} type={type} />;
}

function Shown({ array, type }: { array: Numbers; type: string }) {
  const planes = planesOf(array);
  const [index, setIndex] = useState(0);
  const plane = useMemo(() => (planes > 0 ? planeOf(array, index) : undefined), [array, planes, index]);
  const drawable = plane && plane.rows > 1 && plane.columns > 1 && plane.rows <= PICTURE_MAX && plane.columns <= PICTURE_MAX;
  return (
    <div className="stack">
      <Facts facts={[
        ["Format", type],
        ["Shape", `(${array.shape.join(", ")}${array.shape.length === 1 ? "," : ""})`],
        ["Type", array.dtype],
        ["Values", array.count.toLocaleString("en-US")],
        ["Order", array.columnsFirst ? "Fortran (columns first)" : undefined],
      ]} />
      {array.have < array.count && <Note tone="running">The first {array.have.toLocaleString("en-US")} values are shown.</Note>}
      {planes > 1 && (
        <Field label={`Plane ${index} of ${planes} that are here`}>
          {(ids) => <input {...ids} type="range" min={0} max={planes - 1} value={index} onChange={(event) => setIndex(event.target.valueAsNumber)} />}
        </Field>
      )}
      {drawable && <Picture plane={plane} />}
      {plane ? <Grid plane={plane} /> : <Values array={array} />}
    </div>
  );
}

function Picture({ plane }: { plane: Plane }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const range = useMemo(() => rangeOf(plane), [plane]);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(picture(plane), plane.columns, plane.rows), 0, 0);
  }, [plane]);
  const told = range ? `${figure(range[0])} (black) to ${figure(range[1])} (white)` : "no finite value";
  return (
    <figure className="stack tight">
      <div className="storage-plane">
        <canvas ref={canvas} width={plane.columns} height={plane.rows} role="img" aria-label={`${plane.rows} × ${plane.columns} values as a picture, ${told}`} />
      </div>
      <figcaption className="soft small">{told}</figcaption>
    </figure>
  );
}

function Grid({ plane }: { plane: Plane }) {
  const rows = Math.min(plane.rows, GRID_MAX);
  const columns = Math.min(plane.columns, GRID_MAX);
  const cut = rows < plane.rows || columns < plane.columns;
  return (
    <>
      {cut && <p className="soft small">The first {rows} rows and {columns} columns:</p>}
      <div className="storage-values mono" tabIndex={0} role="region" aria-label="Values">
        <table>
          <tbody>
            {Array.from({ length: rows }, (_, row) => (
              <tr key={row}>{Array.from({ length: columns }, (_, column) => <td key={column}>{figure(plane.value(row, column))}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Values({ array }: { array: Numbers }) {
  const shown = Math.min(array.have, VALUES_MAX);
  const values = Array.from({ length: shown }, (_, index) => figure(array.at(index)));
  return (
    <pre className="code storage-text" tabIndex={0} aria-label="Values">
      {values.join("  ")}{shown < array.count ? "  …" : ""}
    </pre>
  );
}
