/** Dialogs and toasts. */
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { Button, Note } from "./controls";
import { Problem } from "./problem";

/** A modal dialog; Escape and the cross close it. `onSubmit` may fail: what it throws is shown. */
export function Dialog({ title, onClose, onSubmit, submit = "OK", danger, wide, children, ready = true }: {
  title: string; onClose: () => void; onSubmit?: () => Promise<void> | void; submit?: string;
  danger?: boolean; wide?: boolean; children: ReactNode; ready?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useEffect(() => element.current?.showModal(), []);
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit?.();
      onClose();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} className={`dialog ${wide ? "wide" : ""}`} aria-label={title} onClose={onClose}>
      <form method="dialog" onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void run();
      }}>
        <div className="row spread"><h2>{title}</h2><Button look="plain" icon="cross" label="Close" onClick={onClose} /></div>
        {children}
        {error !== undefined && <Problem error={error} />}
        <footer>
          <Button onClick={onClose}>{onSubmit ? "Cancel" : "Close"}</Button>
          {onSubmit && <Button type="submit" look={danger ? "danger" : "primary"} busy={busy} disabled={!ready}>{submit}</Button>}
        </footer>
      </form>
    </dialog>
  );
}

interface Toast { id: number; tone: "good" | "bad"; text: ReactNode }
let toasts: readonly Toast[] = [];
let lastToast = 0;
const toastListeners = new Set<() => void>();
const TOAST_MS = 6000;

function setToasts(next: readonly Toast[]): void {
  toasts = next;
  toastListeners.forEach((tell) => tell());
}

/** Says what has been done, or why not; goes by itself, but for errors. */
export function toast(tone: "good" | "bad", text: ReactNode): void {
  const id = ++lastToast;
  setToasts([...toasts, { id, tone, text }]);
  if (tone === "good") setTimeout(() => setToasts(toasts.filter((one) => one.id !== id)), TOAST_MS);
}

/** Does what a button asks for; a failure becomes a toast. */
export async function attempt(work: () => Promise<unknown>, done?: ReactNode): Promise<void> {
  try {
    await work();
    if (done) toast("good", done);
  } catch (error) {
    toast("bad", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      toastListeners.add(listener);
      return () => toastListeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <Note key={id} tone={tone} actions={
          <Button look="plain" icon="cross" label="Dismiss" onClick={() => setToasts(toasts.filter((one) => one.id !== id))} />
        }>{text}</Note>
      ))}
    </div>
  );
}
