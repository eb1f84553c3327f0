/** Send an endpoint a body, and see all of what it answers. */
import { useState } from "react";
import { request } from "../../api/http";
import { invocationPath } from "../../api/raw";
import { bytes } from "../../lib/format";
import { saveAs } from "../../lib/save";
import { Button, Facts, Field, TextField } from "../../ui/controls";
import { Json } from "../../ui/copy";
import { Problem } from "../../ui/problem";
import { SuggestField } from "../../ui/suggest_field";

const TYPES = ["application/json", "text/csv", "application/x-npy", "application/octet-stream", "text/plain"];
/** Headers of the answer that tell of the model, not of the way. */
const SHOWN = /^(content-type|x-amzn?-.*)$/;

interface Answer { status: number; ms: number; headers: [string, string][]; size: number; text: string | undefined; blob: Blob }

export function Invoke({ endpoint, variants }: { endpoint: string; variants: readonly string[] }) {
  const [type, setType] = useState("application/json");
  const [accept, setAccept] = useState("application/json");
  const [variant, setVariant] = useState("");
  const [body, setBody] = useState("");
  const [file, setFile] = useState<File | undefined>();
  const [answer, setAnswer] = useState<Answer | undefined>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setError(undefined);
    setAnswer(undefined);
    try {
      setAnswer(await invoke(endpoint, file ?? body, {
        "Content-Type": type, ...(accept ? { Accept: accept } : {}), ...(variant ? { "X-Amzn-SageMaker-Target-Variant": variant } : {}),
      }));
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  return (
    <form className="stack" onSubmit={(event) => {
      event.preventDefault();
      void send();
    }}>
      <div className="form-grid">
        <SuggestField label="Content type" value={type} onChange={setType} suggestions={TYPES} />
        <SuggestField label="Accept" value={accept} onChange={setAccept} suggestions={TYPES} />
        {variants.length > 1 && <SuggestField label="Variant" value={variant} onChange={setVariant} suggestions={variants} hint="Left empty, weights decide." />}
      </div>
      {!file && <TextField label="Body" lines={6} value={body} onChange={setBody} placeholder="[[0.5, 1.0]]" />}
      <Field label={file ? "Body" : "or a file"} hint={file && bytes(file.size)}>
        {(ids) => <input {...ids} className="input" type="file" onChange={(event) => setFile(event.target.files?.[0])} />}
      </Field>
      <div><Button type="submit" look="primary" icon="play" busy={busy} disabled={!file && body === ""}>Invoke</Button></div>
      {error !== undefined && <Problem error={error} />}
      {answer && <Answered answer={answer} />}
    </form>
  );
}

async function invoke(endpoint: string, body: BodyInit, headers: Record<string, string>): Promise<Answer> {
  const started = performance.now();
  const response = await request(invocationPath(endpoint), { method: "POST", headers, body });
  const blob = await response.blob();
  const ms = performance.now() - started;
  const kind = response.headers.get("content-type") ?? "";
  const readable = /json|^text\/|xml/.test(kind);
  return {
    status: response.status, ms, size: blob.size, blob, text: readable ? await blob.text() : undefined,
    headers: [...response.headers].filter(([name]) => SHOWN.test(name)),
  };
}

function Answered({ answer }: { answer: Answer }) {
  return (
    <div className="stack tight">
      <Facts facts={[
        ["Answered", `${answer.status} in ${Math.round(answer.ms)} ms`], ["Size", bytes(answer.size)],
        ...answer.headers.map(([name, value]) => [name, value] as const)
        ]} />
      {answer.text !== undefined
        ? <Json value={answer.text} label="Answer" />
        : (
          <div className="row wrap">
            <span className="soft">The answer is no text.</span>
            <Button look="small" icon="download" onClick={() => saveAs("answer", answer.blob)}>Download</Button>
          </div>
        )}
    </div>
  );
}
