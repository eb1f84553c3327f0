/** A form that asks a service: busy while it does, and what was refused told beside the fields it is about. */
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { fieldErrors, wrongAt } from "../lib/field_errors";

/** `work` does it, and goes on to another page; what it throws is the service's refusal. */
export function useSubmit(work: () => Promise<void>) {
  const frame = useRef<HTMLFormElement>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const wrongs = useMemo(() => fieldErrors(error instanceof Error ? error.message : ""), [error]);
  useEffect(() => {
    if (error !== undefined) frame.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return {
    frame, error, busy,
    wrong: (path: string) => wrongAt(wrongs, path),
    submit: (event: FormEvent) => {
      event.preventDefault();
      if (!busy) void run();
    },
  };
}
