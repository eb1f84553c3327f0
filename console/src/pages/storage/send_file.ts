/**
 * One file on its way to a bucket: whole, or in parts when it is long. XMLHttpRequest and not fetch: only it
 * tells how much of a body has been sent.
 */
import { call } from "../../api/call";
import { API, ApiError, errorOf, request, sessionHeaders } from "../../api/http";
import { objectPath } from "../../api/raw";
import { completion, contentTypeOf, Lanes, MULTIPART_FROM, partsOf, type Part } from "./parts";

/** Requests in flight, over all files. */
export const LANES = 3;
/** How often a request that got no answer, or a fault of the server, is made again. */
const TRIES = 3;
const RETRY_MS = 1000;

const lanes = new Lanes(LANES);

/** `onSent` is told how many of its bytes have been sent; throws DOMException AbortError when `signal` says so. */
export type SendFile = (bucket: string, key: string, file: File, signal: AbortSignal, onSent: (bytes: number) => void) => Promise<void>;

export const sendFile: SendFile = async (bucket, key, file, signal, onSent) => {
  const type = contentTypeOf(file.name, file.type);
  if (file.size >= MULTIPART_FROM) return inParts(bucket, key, file, type, signal, onSent);
  await lanes.run(() => again(() => put(objectPath(bucket, key), file, type, signal, onSent)));
};

/** Throws ApiError unless it went well. */
function put(path: string, body: Blob, type: string | undefined, signal: AbortSignal, onSent: (bytes: number) => void): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const aborted = () => new DOMException("Aborted", "AbortError");
    if (signal.aborted) return reject(aborted());
    const xhr = new XMLHttpRequest();
    xhr.open("PUT", API + path);
    for (const [name, value] of Object.entries(sessionHeaders())) xhr.setRequestHeader(name, value);
    if (type) xhr.setRequestHeader("Content-Type", type);
    xhr.upload.onprogress = (event) => onSent(Math.min(event.loaded, body.size));
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(xhr);
      else void errorOf(new Response(xhr.responseText, { status: xhr.status })).then(reject);
    };
    xhr.onerror = () => reject(new ApiError("NoAnswer", "The daemon does not answer.", 0));
    xhr.onabort = () => reject(aborted());
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(body);
  });
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof ApiError && (error.status === 0 || error.status >= 500);
      if (!passing || tries >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * tries));
    }
  }
}

async function inParts(bucket: string, key: string, file: File, type: string, signal: AbortSignal, onSent: (bytes: number) => void): Promise<void> {
  const { UploadId } = await call("s3", "CreateMultipartUpload", { Bucket: bucket, Key: key, ContentType: type }, signal);
  const stop = new AbortController(); // of the other parts, when one fails
  const signals = AbortSignal.any([signal, stop.signal]);
  let all = 0;
  const part = async ({ number, from, to }: Part) => {
    const path = objectPath(bucket, key, String(new URLSearchParams({ partNumber: String(number), uploadId: UploadId! })));
    let mine = 0;
    const told = (bytes: number) => {
      all += bytes - mine;
      mine = bytes;
      onSent(all);
    };
    const xhr = await lanes.run(() => again(() => put(path, file.slice(from, to), undefined, signals, told)));
    return xhr.getResponseHeader("ETag") ?? "";
  };
  try {
    const etags = await Promise.all(partsOf(file.size).map(part));
    const path = objectPath(bucket, key, String(new URLSearchParams({ uploadId: UploadId! })));
    await request(path, { method: "POST", body: completion(etags), headers: { "Content-Type": "application/xml" }, signal });
  } catch (error) {
    stop.abort();
    // What was uploaded would stay, seen by nobody. That it fails changes nothing for the reader.
    await call("s3", "AbortMultipartUpload", { Bucket: bucket, Key: key, UploadId: UploadId! }).catch(() => undefined);
    throw error;
  }
}
