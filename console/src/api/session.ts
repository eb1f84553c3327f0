/** Who is logged in. */
import { useSyncExternalStore } from "react";
import { ApiError, postJson, request, whenSessionEnds } from "./http";
import { forgetSession } from "./of_session";
import { keepToken, sessionToken } from "./token";
import { hub } from "./watch";

export interface Session {
  arn: string;
  account: string;
  userId: string;
  region: string;
  expires: number; // epoch seconds
}

/** `undefined`: not asked yet; `null`: nobody. */
let session: Session | null | undefined;
const listeners = new Set<() => void>();

function become(next: Session | null): void {
  session = next;
  forgetSession();
  if (next) hub.plan();
  listeners.forEach((tell) => tell());
}

whenSessionEnds(() => {
  keepToken(null);
  if (session) become(null);
});

export function useSession(): Session | null | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

/** The session that this browser has already, if it has one. */
export async function resume(): Promise<void> {
  if (!sessionToken()) return become(null);
  try {
    become((await (await request("/session")).json()) as Session);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    become(null);
  }
}

export type Proof =
  | { token: string }
  | { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

export async function logIn(proof: Proof): Promise<void> {
  const { token, ...opened } = (await (await postJson("/session", proof)).json()) as Session & { token: string };
  keepToken(token);
  become(opened);
}

export async function logOut(): Promise<void> {
  await request("/session", { method: "DELETE" });
  keepToken(null);
  become(null);
}
