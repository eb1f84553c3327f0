/**
 * The session's token. It is kept for this origin, ports included, and shared by its tabs: a cookie would be
 * sent to every port of the host, and with what their pages ask of us. Where the browser keeps nothing, because
 * its user forbids it, the session lasts as long as the page.
 */
const NAME = "trainyard.session";
let onThisPage: string | null = null;

function storage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

export function sessionToken(): string | null {
  return storage()?.getItem(NAME) ?? onThisPage;
}

export function keepToken(token: string | null): void {
  onThisPage = storage() ? null : token;
  if (token === null) storage()?.removeItem(NAME);
  else storage()?.setItem(NAME, token);
}

/** Calls `then` when another tab has logged in or out, until what it returns is called. */
export function whenTokenChanges(then: () => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === NAME || event.key === null) then();
  };
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}
