/** Dialogs, menus and toasts. */
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { Button, Note } from "./controls";
import { Icon, type IconName } from "./icon";
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

export interface MenuItem { label: string; icon?: IconName; onChoose: () => void; disabled?: boolean | undefined }

export function Menu({ label, icon = "more", items, children }: {
  label: string; icon?: IconName; items: readonly MenuItem[]; children?: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    frame.current?.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    const close = (event: Event) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", close);
    return () => document.removeEventListener("pointerdown", close);
  }, [open]);
  const move = (by: number) => {
    const all = [...(frame.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
    all[(all.indexOf(document.activeElement as HTMLElement) + by + all.length) % all.length]?.focus();
  };
  return (
    <div className="menu" ref={frame} onKeyDown={(event) => {
      if (event.key === "Escape" && open) {
        event.stopPropagation();
        setOpen(false);
        frame.current?.querySelector("button")?.focus();
      }
      if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      }
    }}>
      <Button look={children ? undefined : "plain"} icon={icon} label={children ? undefined : label}
        aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>{children}</Button>
      {open && (
        <div role="menu" aria-label={label}>
          {items.map((item) => (
            <button key={item.label} type="button" role="menuitem" disabled={item.disabled} onClick={() => {
              setOpen(false);
              item.onChoose();
            }}>
              {item.icon && <Icon name={item.icon} />}
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
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
