/** The editor of documents, and the dialog around it. */
import { useState, type ReactNode } from "react";
import { Code } from "../../code/code";
import { jsonProblem } from "../../code/json_problem";
import { readable } from "../../lib/json";
import { SelectField, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { STARTS, wrongJson, wrongName } from "./documents";

const EDITOR_HEIGHT = 380;
const NAME_MAX = 128;

export function DocumentEditor({ label, text, onChange }: { label: string; text: string; onChange: (text: string) => void }) {
  const wrong = wrongJson(text);
  const problem = text === "" ? null : jsonProblem(text); // none has been written yet
  return (
    <div className="field">
      <span className="label">{label}</span>
      <div style={{ height: EDITOR_HEIGHT }}>
        <Code label={label} value={text} onChange={onChange} diagnostics={problem ? [problem] : []} />
      </div>
      <div className={wrong ? "wrong" : "hint"} role="status">{wrong ?? "As IAM takes it: JSON."}</div>
    </div>
  );
}

/** Writes a document, under a name where it has none yet. */
export function DocumentDialog({ title, submit, text: given, name: fixed, suggested = "", begin = false, about, onSave, onClose }: {
  title: string; submit: string; text: string; name?: string | undefined; suggested?: string; about?: ReactNode;
  /** Offers texts to begin with. */
  begin?: boolean;
  onSave: (text: string, name: string) => Promise<void>; onClose: () => void;
}) {
  const [text, setText] = useState(() => readable(given));
  const [name, setName] = useState(fixed ?? suggested);
  const [start, setStart] = useState("0");
  const wrong = wrongName(name, NAME_MAX);
  return (
    <Dialog title={title} submit={submit} wide onClose={onClose} ready={name !== "" && !wrong && wrongJson(text) === undefined}
      onSubmit={() => onSave(text, name)}>
      {about}
      {begin && (
        <SelectField label="Begin with" value={start} options={STARTS.map(({ title: told }, index) => [String(index), told] as const)}
          onChange={(value) => {
            setStart(value);
            setText(STARTS[Number(value)]!.text);
            setName(STARTS[Number(value)]!.name);
          }} />
      )}
      {fixed === undefined && <TextField label="Policy name" value={name} onChange={setName} wrong={wrong} />}
      <DocumentEditor label="Document" text={text} onChange={setText} />
    </Dialog>
  );
}
