/** Dialogs and toasts. */
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { Button, Note } from "./controls";
import { Problem } from "./problem";

/** Where one begins: at what asks for it (`autoFocus`), else at the first field, else at the button that does nothing. */
function begin(dialog: HTMLElement | null): void {
  const first = ["[data-autofocus]", "input:enabled:not([type=checkbox]), select:enabled, textarea:enabled", "[data-safe]"]
    .map((selector) => dialog?.querySelector<HTMLElement>(selector)).find((found) => found);
  first?.focus();
}

/**
 * A modal dialog; Escape and the cross close it, and what had the focus before has it again. `onSubmit` may fail:
 * what it throws is shown. Meanwhile Escape does nothing; who leaves by Cancel is told of a failure all the same.
 */
export function Dialog({ title, onClose, onSubmit, submit = "OK", danger, wide, children, ready = true }: {
  title: string; onClose: () => void; onSubmit?: () => Promise<void> | void; submit?: string;
  danger?: boolean; wide?: boolean; children: ReactNode; ready?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    element.current?.showModal(); // gives the focus to the cross
    begin(element.current);
  }, []);
  useEffect(() => {
    const lost = !element.current?.contains(document.activeElement); // with the button that was busy
    if (error !== undefined && lost) begin(element.current);
  }, [error]);
  const left = useRef(false);
  const close = () => {
    if (left.current) return;
    left.current = true;
    element.current?.close(); // by which the browser gives the focus back
    onClose(); // now: the browser's own event may come when the dialog is to be open again
  };
  const run = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit?.();
      close();
    } catch (thrown) {
      if (!element.current?.open) return tellLater(thrown);
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} className={`dialog ${wide ? "wide" : ""}`} aria-label={title} onClose={close}
      onCancel={(event) => {
        event.preventDefault();
        if (!busy) close();
      }}>
      <form method="dialog" onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void run();
      }}>
        <div className="row spread"><h2>{title}</h2><Button look="plain" icon="cross" label="Close" onClick={close} /></div>
        {children}
        {error !== undefined && <Problem error={error} />}
        <footer>
          <Button data-safe onClick={close}>{onSubmit ? "Cancel" : "Close"}</Button>
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

function toastError(error: unknown): void {
  toast("bad", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

/** Of work whose dialog is gone; where closing it is what has ended the work there is nothing to tell. */
function tellLater(error: unknown): void {
  if (!(error instanceof DOMException && error.name === "AbortError")) toastError(error);
}

/** Does what a button asks for; a failure becomes a toast. */
export async function attempt(work: () => Promise<unknown>, done?: ReactNode): Promise<void> {
  try {
    await work();
    if (done) toast("good", done);
  } catch (error) {
    toastError(error);
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
