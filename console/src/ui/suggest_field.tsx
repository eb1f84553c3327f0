/** A text field with suggestions, which need not be taken: names of roles, models, images. */
import { useId, type ReactNode } from "react";
import { Field } from "./controls";

export function SuggestField({ label, value, onChange, suggestions, hint, wrong, placeholder }: {
  label: string; value: string; onChange: (value: string) => void; suggestions: readonly string[];
  hint?: ReactNode; wrong?: string | undefined; placeholder?: string;
}) {
  const list = useId();
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(ids) => (
        <>
          <input {...ids} className="input" list={list} value={value} placeholder={placeholder} spellCheck={false} autoComplete="off"
            onChange={(event) => onChange(event.target.value)} />
          <datalist id={list}>{suggestions.map((one) => <option key={one} value={one} />)}</datalist>
        </>
      )}
    </Field>
  );
}
