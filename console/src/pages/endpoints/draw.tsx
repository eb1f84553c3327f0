/** Draw a digit, and see what the model makes of it. */
import { useEffect, useMemo, useRef, useState } from "react";
import { request } from "../../api/http";
import { invocationPath } from "../../api/raw";
import { npy } from "../../lib/npy";
import { Button, SelectField } from "../../ui/controls";
import { Problem } from "../../ui/problem";
import { mnistPicture, numbersIn, probabilities, scaled, SIDE, type Scale } from "./digit";
import { Pad } from "./pad";
import { DRAWING, inkOf, type Stroke } from "./pen";

interface Answer { probabilities?: number[]; text?: string; ms: number }

const SCALES: readonly (readonly [Scale, string])[] = [
  ["normalised", "normalised as MNIST is"], ["unit", "0 to 1"], ["bytes", "0 to 255"],
];

async function ask(endpoint: string, picture: Float32Array, scale: Scale, signal: AbortSignal): Promise<Answer> {
  const started = performance.now();
  const response = await request(invocationPath(endpoint), {
    method: "POST", signal, headers: { "Content-Type": "application/x-npy", Accept: "application/json" },
    body: npy([1, 1, SIDE, SIDE], scaled(picture, scale)),
  });
  const text = await response.text();
  const ms = performance.now() - started;
  const numbers = numbersIn(parsed(text));
  return numbers.length === 10 ? { probabilities: probabilities(numbers), ms } : { text, ms };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function Draw({ endpoint }: { endpoint: string }) {
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const [ended, setEnded] = useState<readonly Stroke[]>([]);
  const [scale, setScale] = useState<Scale>("normalised");
  const [answer, setAnswer] = useState<Answer | undefined>();
  const [error, setError] = useState<unknown>();
  const picture = useMemo(
    () => (strokes.length === 0 ? undefined : mnistPicture({ width: DRAWING, height: DRAWING, ink: inkOf(strokes) })), [strokes]);
  useEffect(() => {
    const drawn = ended.length === 0 ? undefined : mnistPicture({ width: DRAWING, height: DRAWING, ink: inkOf(ended) });
    if (!drawn) return setAnswer(undefined);
    const control = new AbortController(); // an answer to an older drawing is of no use
    ask(endpoint, drawn, scale, control.signal).then((next) => {
      setAnswer(next);
      setError(undefined);
    }, (thrown: unknown) => {
      if (!control.signal.aborted) setError(thrown);
    });
    return () => control.abort();
  }, [endpoint, ended, scale]);
  const become = (next: readonly Stroke[]) => {
    setStrokes(next);
    setEnded(next);
    setError(undefined);
  };
  return (
    <div className="draw">
      {error !== undefined && <div className="draw-problem"><Problem error={error} /></div>}
      <div className="draw-side">
        <Pad strokes={strokes} onDraw={setStrokes} onStroke={become} />
        <div className="row wrap">
          <Button look="small" disabled={strokes.length === 0} onClick={() => become([])}>Clear</Button>
          <Button look="small" disabled={strokes.length === 0} onClick={() => become(strokes.slice(0, -1))}>Undo</Button>
          <Seen picture={picture} />
        </div>
      </div>
      <div className="draw-answer stack tight">
        <Bars probabilities={answer?.probabilities} />
        {answer?.text !== undefined && <p className="small">The model did not answer with ten numbers: <code className="break">{answer.text.slice(0, 400)}</code></p>}
        <p className="small soft" role="status">
          {answer?.probabilities
            ? `This is a ${best(answer.probabilities)}, says the model, in ${Math.round(answer.ms)} ms.`
            : "Draw a digit from 0 to 9 on the pad; it is sent when you lift the pen."}
        </p>
        <SelectField label="Pixels are sent" value={scale} onChange={setScale} options={SCALES} />
      </div>
    </div>
  );
}

const best = (all: readonly number[]) => all.indexOf(Math.max(...all));

function Bars({ probabilities: all }: { probabilities: readonly number[] | undefined }) {
  return (
    <ol className="draw-bars" aria-label="Probabilities of the ten digits">
      {Array.from({ length: 10 }, (_, digit) => {
        const share = all?.[digit] ?? 0;
        return (
          <li key={digit} className={all && best(all) === digit ? "best" : ""}>
            <b>{digit}</b>
            <span className="draw-bar-frame" aria-hidden="true"><span className="draw-bar-fill" style={{ width: `${share * 100}%` }} /></span>
            <span className="draw-bar-text">{all ? `${(share * 100).toFixed(1)} %` : "–"}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** The 28 by 28 pixels that are sent. */
function Seen({ picture }: { picture: Float32Array | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(SIDE, SIDE);
    for (let index = 0; index < SIDE * SIDE; index += 1) {
      const ink = Math.round(picture?.[index] ?? 0);
      image.data.set([ink, ink, ink, 255], index * 4);
    }
    context.putImageData(image, 0, 0);
  }, [picture]);
  return (
    <span className="draw-seen small soft">
      <canvas ref={canvas} width={SIDE} height={SIDE} role="img" aria-label="What the model sees: 28 by 28 pixels" />what the model sees
    </span>
  );
}
