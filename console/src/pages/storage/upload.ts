/**
 * Uploads that go on while the reader looks at other pages. XMLHttpRequest and not fetch: only it
 * tells how much of a body has been sent.
 */
import { useSyncExternalStore } from "react";
import { call } from "../../api/call";
import { API, ApiError, errorOf, request } from "../../api/http";
import { objectPath } from "../../api/raw";
import { completion, contentTypeOf, Lanes, MULTIPART_FROM, partsOf, type Part } from "./parts";

export interface Upload {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly sent: number;
  readonly state: "waiting" | "running" | "done" | "failed" | "aborted";
  readonly error?: string | undefined;
}

/** Requests in flight, over all files. */
const LANES = 3;
/** How often a request that got no answer, or a fault of the server, is made again. */
const TRIES = 3;
const RETRY_MS = 1000;
/** How often at most the page is told of progress. */
const TELL_MS = 100;

/** Sends `body`; throws ApiError unless it went well, DOMException AbortError when aborted. */
function send(path: string, body: Blob, type: string | undefined, signal: AbortSignal, onSent: (bytes: number) => void): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const aborted = () => new DOMException("Aborted", "AbortError");
    if (signal.aborted) return reject(aborted());
    const xhr = new XMLHttpRequest();
    xhr.open("PUT", API + path);
    xhr.setRequestHeader("X-Trainyard-Console", "1");
    if (type) xhr.setRequestHeader("Content-Type", type);
    xhr.upload.onprogress = (event) => onSent(event.loaded);
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

class Uploads {
  private list: readonly Upload[] = [];
  private readonly controls = new Map<number, AbortController>();
  private readonly listeners = new Set<() => void>();
  private readonly lanes = new Lanes(LANES);
  private readonly files = new Lanes(LANES);
  private last = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  current = () => this.list;

  add(bucket: string, files: readonly { key: string; file: File }[]): void {
    const added = files.map(({ key, file }) => {
      const id = ++this.last;
      const control = new AbortController();
      this.controls.set(id, control);
      void this.files.run(() => this.one(id, bucket, key, file, control.signal));
      return { id, bucket, key, size: file.size, sent: 0, state: "waiting" } as const;
    });
    this.list = [...this.list, ...added];
    this.tell();
  }

  abort(id: number): void {
    this.controls.get(id)?.abort();
    if (this.list.find((one) => one.id === id)?.state === "waiting") this.set(id, { state: "aborted" });
  }

  abortAll(): void {
    for (const one of this.list) if (one.state === "running" || one.state === "waiting") this.abort(one.id);
  }

  get busy(): boolean {
    return this.list.some((one) => one.state === "running" || one.state === "waiting");
  }

  clearEnded(): void {
    this.list = this.list.filter((one) => one.state === "running" || one.state === "waiting");
    this.tell();
  }

  private async one(id: number, bucket: string, key: string, file: File, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.set(id, { state: "running" });
    const type = contentTypeOf(file.name, file.type);
    try {
      if (file.size < MULTIPART_FROM) await this.whole(id, bucket, key, file, type, signal);
      else await this.inParts(id, bucket, key, file, type, signal);
      this.set(id, { state: "done", sent: file.size });
    } catch (error) {
      if (signal.aborted) this.set(id, { state: "aborted" });
      else this.set(id, { state: "failed", error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    } finally {
      this.controls.delete(id);
    }
  }

  private async whole(id: number, bucket: string, key: string, file: File, type: string, signal: AbortSignal): Promise<void> {
    const sent = (bytes: number) => this.set(id, { sent: Math.min(bytes, file.size) }, true);
    await this.lanes.run(() => again(() => send(objectPath(bucket, key), file, type, signal, sent)));
  }

  private async inParts(id: number, bucket: string, key: string, file: File, type: string, signal: AbortSignal): Promise<void> {
    const { UploadId } = await call("s3", "CreateMultipartUpload", { Bucket: bucket, Key: key, ContentType: type }, signal);
    const parts = partsOf(file.size);
    const sent = new Array<number>(parts.length).fill(0);
    const stop = new AbortController(); // of the other parts, when one fails
    const signals = AbortSignal.any([signal, stop.signal]);
    const part = async ({ number, from, to }: Part) => {
      const path = objectPath(bucket, key, String(new URLSearchParams({ partNumber: String(number), uploadId: UploadId! })));
      const told = (bytes: number) => {
        sent[number - 1] = Math.min(bytes, to - from);
        this.set(id, { sent: sent.reduce((a, b) => a + b, 0) }, true);
      };
      const xhr = await this.lanes.run(() => again(() => send(path, file.slice(from, to), undefined, signals, told)));
      return xhr.getResponseHeader("ETag") ?? "";
    };
    try {
      const etags = await Promise.all(parts.map(part));
      const path = objectPath(bucket, key, String(new URLSearchParams({ uploadId: UploadId! })));
      await request(path, { method: "POST", body: completion(etags), headers: { "Content-Type": "application/xml" }, signal });
    } catch (error) {
      stop.abort();
      // What was uploaded would stay, seen by nobody. That it fails changes nothing for the reader.
      await call("s3", "AbortMultipartUpload", { Bucket: bucket, Key: key, UploadId: UploadId! }).catch(() => undefined);
      throw error;
    }
  }

  private set(id: number, change: Partial<Upload>, soon = false): void {
    this.list = this.list.map((one) => (one.id === id ? { ...one, ...change } : one));
    if (!soon) return this.tell();
    this.telling ??= setTimeout(() => this.tell(), TELL_MS);
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.listeners.forEach((listener) => listener());
  }
}

export const uploads = new Uploads();

// Leaving the page would break off what is on its way: the browser asks first.
window.addEventListener("beforeunload", (event) => {
  if (uploads.busy) event.preventDefault();
});

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.subscribe, uploads.current);
}
