/** The editor of documents, loaded when one is opened, and the dialog around it. */
import { lazy, Suspense, useState, type ReactNode } from "react";
import { SelectField, Skeleton, TextField } from "../../ui/controls";
import { Dialog } from "../../ui/dialog";
import { readable, STARTS, wrongJson, wrongName } from "./documents";

const JsonEditor = lazy(() => import("../../code/json_editor"));
const EDITOR_HEIGHT = 380;
const NAME_MAX = 128;

export function DocumentEditor({ label, text, onChange }: { label: string; text: string; onChange: (text: string) => void }) {
  const wrong = wrongJson(text);
  return (
    <div className="field">
      <span className="label">{label}</span>
      <Suspense fallback={<Skeleton lines={8} />}>
        <JsonEditor label={label} value={text} onChange={onChange} height={EDITOR_HEIGHT} wrong={wrong !== undefined} />
      </Suspense>
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
