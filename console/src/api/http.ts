/** Requests to the daemon as the session's principal, and what is wrong when they fail. */

import { sessionToken } from "./token";

export const API = "/_console/api";
/** Holds the session's token, at each request. */
const SESSION_HEADER = "X-Trainyard-Console";

export function sessionHeaders(): Record<string, string> {
  const token = sessionToken();
  return token ? { [SESSION_HEADER]: token } : {};
}

/** What a service refused, in its own words; `status` 0 when the daemon did not answer at all. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = code;
  }

  get denied(): boolean {
    return this.status === 403 || this.code === "AccessDeniedException" || this.code === "AccessDenied";
  }
}

/** Called when a request finds that the session has ended. */
let onSessionEnd = () => {};
export function whenSessionEnds(then: () => void): void {
  onSessionEnd = then;
}

/** The error that a response tells of: the JSON form of the console's calls, or S3's XML. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as { __type?: string; message?: string; Message?: string };
    return new ApiError(
      (body.__type ?? response.headers.get("x-amzn-errortype") ?? "Error").replace(/^.*#/, "").replace(/:.*$/, ""),
      body.message ?? body.Message ?? `The daemon answered ${response.status}.`,
      response.status,
    );
  } catch {
    const xml = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1];
    const fallback = text.trim() || `The daemon answered ${response.status}.`;
    return new ApiError(xml("Code") ?? "Error", xml("Message") ?? fallback, response.status);
  }
}

/** A request below /_console/api; throws ApiError unless it went well. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = sessionToken();
  for (const [name, value] of Object.entries(sessionHeaders())) headers.set(name, value);
  let response: Response;
  try {
    response = await fetch(API + path, { ...init, headers, credentials: "omit" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("NoAnswer", "The daemon does not answer. Is it running?", 0);
  }
  if (response.ok) return response;
  const error = await errorOf(response);
  if (response.status === 401 && token === sessionToken()) onSessionEnd(); // or else there is another one by now
  throw error;
}

export function postJson(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}
