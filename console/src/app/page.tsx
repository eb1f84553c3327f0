/** The frame of a page's content: where it is, its title, what can be done. */
import { useEffect, useSyncExternalStore, type ReactNode } from "react";

export interface Crumb { text: string; href?: string }

let crumbs: readonly Crumb[] = [];
const listeners = new Set<() => void>();

/** Where the page is, from the rail's entry on; the last one is the page itself. */
export function useCrumbs(): readonly Crumb[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => crumbs,
  );
}

export function Page({ crumbs: here, title, status, about, actions, children }: {
  crumbs: readonly Crumb[]; title: ReactNode; status?: ReactNode; about?: ReactNode; actions?: ReactNode; children: ReactNode;
}) {
  const key = here.map(({ text, href }) => `${text}\n${href ?? ""}`).join("\n");
  useEffect(() => {
    crumbs = here;
    document.title = `${here.at(-1)?.text ?? "Home"} · Trainyard`;
    listeners.forEach((tell) => tell());
  }, [key]);
  return (
    <>
      <div className="page-head">
        <div className="title">
          <div className="row wrap"><h1>{title}</h1>{status && <span role="status">{status}</span>}</div>
          {about && <div className="small">{about}</div>}
        </div>
        {actions && <div className="row wrap">{actions}</div>}
      </div>
      <div className="stack">{children}</div>
    </>
  );
}
