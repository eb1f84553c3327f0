/** Addresses of what streams: objects, invocations. */
import { API } from "./http";

const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");

/** Below /_console/api, for `request`. */
export function objectPath(bucket: string, key: string, query = ""): string {
  return `/s3/${encodeURIComponent(bucket)}/${encoded(key)}${query && `?${query}`}`;
}

/** For a link that downloads. */
export function objectHref(bucket: string, key: string): string {
  return API + objectPath(bucket, key);
}

export function invocationPath(endpoint: string): string {
  return `/runtime/endpoints/${encodeURIComponent(endpoint)}/invocations`;
}
