/** Addresses of what streams: objects, invocations. */
import { postJson } from "./http";

const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");

/** Below /_console/api, for `request`. */
export function objectPath(bucket: string, key: string, query = ""): string {
  return `/s3/${encodeURIComponent(bucket)}/${encoded(key)}${query && `?${query}`}`;
}

/** An address of the object that opens without a session, for so long. */
export async function presigned(bucket: string, key: string, seconds: number, attachment = false): Promise<string> {
  const response = await postJson("/presign", { bucket, key, seconds, attachment });
  return ((await response.json()) as { url: string }).url;
}

/** Long enough for a download to begin. */
const DOWNLOAD_SECONDS = 60;

/** Has the browser itself download an object, however large it is. */
export async function download(bucket: string, key: string): Promise<void> {
  const link = document.createElement("a");
  link.href = await presigned(bucket, key, DOWNLOAD_SECONDS, true);
  link.download = key.slice(key.lastIndexOf("/") + 1);
  link.click();
}

export function invocationPath(endpoint: string): string {
  return `/runtime/endpoints/${encodeURIComponent(endpoint)}/invocations`;
}
