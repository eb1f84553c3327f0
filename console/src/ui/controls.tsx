/** What pages are put together from: buttons, fields, panels, tabs, facts, notes. */
import { useId, useRef, type ButtonHTMLAttributes, type ReactNode } from "react";
import "./controls.css";
import { Icon, type IconName } from "./icon";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "primary" | "danger" | "plain" | "small" | undefined;
  icon?: IconName | undefined;
  /** Without text a button needs a name. */
  label?: string | undefined;
  busy?: boolean | undefined;
}

export function Button({ look, icon, label, busy, children, disabled, title = label, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`button ${look ?? ""}`} disabled={disabled || busy}
      aria-label={label} title={title} aria-busy={busy || undefined}>
      {icon && <Icon name={icon} />}
      {busy ? <>{children} …</> : children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ href, look, icon, children }: {
  href: string; look?: "primary" | "plain" | "small"; icon?: IconName; children: ReactNode;
}) {
  return (
    <a className={`button ${look ?? ""}`} href={href}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

/** A label, its control, and what is wrong with it or what it is for. */
export function Field({ label, hint, wrong, children }: {
  label: string; hint?: ReactNode; wrong?: string | undefined;
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}) {
  const id = useId();
  const told = `${id}-told`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(hint || wrong ? { "aria-describedby": told } : {}),
        ...(wrong ? { "aria-invalid": true as const } : {}),
      })}
      {(wrong || hint) && <div id={told} className={wrong ? "wrong" : "hint"}>{wrong ?? hint}</div>}
    </div>
  );
}

export function TextField({ label, value, onChange, hint, wrong, lines, placeholder, type = "text", autoFocus }: {
  label: string; value: string; onChange: (value: string) => void; hint?: ReactNode; wrong?: string | undefined;
  lines?: number; placeholder?: string; type?: "text" | "password" | "number";
  /** On a page, and in a dialog, which looks for it: React writes no attribute. */
  autoFocus?: boolean;
}) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(ids) => lines
        ? <textarea {...ids} className="input" rows={lines} value={value} placeholder={placeholder} spellCheck={false}
            onChange={(event) => onChange(event.target.value)} />
        : <input {...ids} className="input" type={type} value={value} placeholder={placeholder} spellCheck={false}
            autoComplete="off" autoFocus={autoFocus} data-autofocus={autoFocus || undefined} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

export function SelectField<T extends string>({ label, value, onChange, options, hint }: {
  label: string; value: T; onChange: (value: T) => void; options: readonly (readonly [T, string])[]; hint?: ReactNode;
}) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select {...ids} className="input" value={value} onChange={(event) => onChange(event.target.value as T)}>
          {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

export function SearchBox({ value, onChange, label }: { value: string; onChange: (value: string) => void; label: string }) {
  return (
    <input className="input" type="search" data-search value={value} aria-label={label} placeholder={`${label}  ( / )`}
      spellCheck={false} onChange={(event) => onChange(event.target.value)} />
  );
}

/** A framed part of a page. `flush`: what is inside brings its own space, as tables do. */
export function Panel({ title, actions, children, flush = false }: {
  title?: ReactNode; actions?: ReactNode; children: ReactNode; flush?: boolean;
}) {
  return (
    <section className="panel">
      {(title || actions) && <header>{title && <h2>{title}</h2>}{actions}</header>}
      {flush ? children : <div className="inside">{children}</div>}
    </section>
  );
}

export interface Tab<T extends string> { id: T; title: ReactNode; hidden?: boolean }

/** A row of tabs, by arrow keys too; the caller shows the panel, inside of `TabPanel`. */
export function Tabs<T extends string>({ tabs, chosen, onChoose, label }: {
  tabs: readonly Tab<T>[]; chosen: T; onChoose: (id: T) => void; label: string;
}) {
  const list = useRef<HTMLDivElement>(null);
  const shown = tabs.filter((tab) => !tab.hidden);
  const move = (by: number) => {
    const at = shown.findIndex((tab) => tab.id === chosen);
    const next = shown[(at + by + shown.length) % shown.length];
    if (!next) return;
    onChoose(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={list}
      onKeyDown={(event) => {
        if (event.key === "ArrowRight") move(1);
        if (event.key === "ArrowLeft") move(-1);
      }}>
      {shown.map((tab) => (
        <button key={tab.id} type="button" role="tab" data-tab={tab.id} id={`tab-${tab.id}`}
          aria-selected={tab.id === chosen} aria-controls={tab.id === chosen ? `panel-${tab.id}` : undefined}
          tabIndex={tab.id === chosen ? 0 : -1} onClick={() => onChoose(tab.id)}>
          {tab.title}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ id, children }: { id: string; children: ReactNode }) {
  return <div role="tabpanel" id={`panel-${id}`} aria-labelledby={`tab-${id}`} tabIndex={-1}>{children}</div>;
}

/** Names and values; a value of `undefined` or "" is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

export function Note({ tone, children, actions }: {
  tone: "bad" | "caught" | "good" | "running"; children: ReactNode; actions?: ReactNode;
}) {
  return (
    <div className={`note ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <div>{children}</div>
      {actions}
    </div>
  );
}

/** Nothing is here: says so, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return <div className="empty"><p className="title">{title}</p>{children}</div>;
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="skeleton" style={{ width: `${92 - ((index * 23) % 45)}%` }} />
      ))}
    </div>
  );
}
