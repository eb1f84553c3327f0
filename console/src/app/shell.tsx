/** What stands around every page: the rail of sections, the bar, the keys. */
import type { ReactNode } from "react";
import { logOut, type Session } from "../api/session";
import { useConnection } from "../api/watch";
import { nameOf } from "../lib/arn";
import { exactTime } from "../lib/format";
import mark from "../mark.svg";
import { Button } from "../ui/controls";
import { attempt, Toasts } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Menu } from "../ui/menu";
import { Keys } from "./keys";
import { useCrumbs } from "./page";
import { usePlace } from "./router";
import { SECTIONS, sectionOf } from "./sections";
import { setTheme } from "./theme";
import "./shell.css";

export function Shell({ session, children }: { session: Session; children: ReactNode }) {
  const connection = useConnection();
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>To the content</a>
      <Rail />
      <Bar session={session} />
      <Arrived />
      <main className="main" id="main" tabIndex={-1}>
        {connection === "lost" && <div className="lost" role="status">The daemon does not answer; this page shows what it last said, and tries again.</div>}
        {children}
      </main>
      <Toasts />
      <Keys />
    </div>
  );
}

/** Says the name of a page that has come. */
function Arrived() {
  return <p className="visually-hidden" role="status">{useCrumbs().at(-1)?.text}</p>;
}

function Rail() {
  const current = sectionOf(usePlace().parts[0]);
  return (
    <nav className="rail" aria-label="Sections">
      <a className="mark" href="#/"><img src={mark} alt="" />Trainyard</a>
      <div className="sections">
        {SECTIONS.map((section) => (
          <a key={section.title} href={section.href} aria-current={section === current ? "page" : undefined}>
            <Icon name={section.icon} />{section.title}
          </a>
        ))}
      </div>
    </nav>
  );
}

function Bar({ session }: { session: Session }) {
  const crumbs = useCrumbs();
  return (
    <header className="bar">
      <nav className="grow" aria-label="Where you are">
        <ol className="crumbs">
          {crumbs.map(({ text, href }, index) => (
            <li key={`${index} ${text}`}>
              {index > 0 && <Icon name="right" size={12} />}
              {href && index < crumbs.length - 1 ? <a href={href}>{text}</a> : <span aria-current="page">{text}</span>}
            </li>
          ))}
        </ol>
      </nav>
      <Button look="plain" icon="search" label="Go to anything (Ctrl K)" onClick={() => document.dispatchEvent(new Event("open-palette"))} />
      <Menu label="Theme" icon="theme" items={[
        { label: "As the system", onChoose: () => setTheme("auto") },
        { label: "Light", onChoose: () => setTheme("light") },
        { label: "Dark", onChoose: () => setTheme("dark") },
      ]} />
      <Menu label={`Logged in as ${nameOf(session.arn)}`} icon="person" items={[
        { label: `${nameOf(session.arn)} · ${session.account}`, disabled: true, onChoose: () => {} },
        { label: `Until ${exactTime(session.expires).slice(0, 16)}`, disabled: true, onChoose: () => {} },
        { label: "Log out", onChoose: () => void attempt(logOut) },
      ]} />
    </header>
  );
}
