/** Uploads that go on while the reader looks at other pages. */
import { useSyncExternalStore } from "react";
import { ofSession } from "../../api/of_session";
import { Lanes } from "./parts";
import { LANES, sendFile, type SendFile } from "./send_file";
import { isGoing, UploadList, type Summary } from "./upload_list";

/** How often at most the page is told of progress. */
const TELL_MS = 100;
const NONE = new UploadList().summary();

/** What may yet be sent. */
interface Task { id: number; bucket: string; key: string; file: File; control: AbortController }

export class Uploads {
  private readonly lists = new Map<string, UploadList>(); // by bucket
  private readonly tasks = new Map<number, Task>();
  private readonly summaries = new Map<string, Summary>(); // as the page was last told
  private readonly listeners = new Set<() => void>();
  private readonly files = new Lanes(LANES);
  private last = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: SendFile) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  summaryOf(bucket: string): Summary {
    let summary = this.summaries.get(bucket);
    if (!summary) this.summaries.set(bucket, (summary = this.lists.get(bucket)?.summary() ?? NONE));
    return summary;
  }

  get busy(): boolean {
    return [...this.lists.values()].some((list) => isGoing(list.summary()));
  }

  add(bucket: string, files: readonly { key: string; file: File }[]): void {
    const list = this.lists.get(bucket) ?? new UploadList();
    this.lists.set(bucket, list);
    for (const { key, file } of files) {
      const id = ++this.last;
      list.add({ id, bucket, key, size: file.size, sent: 0, state: "waiting" });
      this.begin({ id, bucket, key, file, control: new AbortController() });
    }
    this.tell();
  }

  abort(ids: readonly number[]): void {
    for (const task of this.tasksOf(ids)) {
      task.control.abort();
      this.tasks.delete(task.id);
      this.change(task, { state: "aborted" });
    }
    this.tell();
  }

  abortAll(bucket: string): void {
    this.abort(this.lists.get(bucket)?.of("running", "waiting") ?? []);
  }

  /** Of those that failed. */
  retry(ids: readonly number[]): void {
    for (const task of this.tasksOf(ids)) {
      this.change(task, { state: "waiting", sent: 0, error: undefined });
      this.begin({ ...task, control: new AbortController() });
    }
    this.tell();
  }

  retryFailed(bucket: string): void {
    this.retry(this.lists.get(bucket)?.of("failed") ?? []);
  }

  clearEnded(bucket: string): void {
    const list = this.lists.get(bucket);
    for (const id of list?.of("done", "failed", "aborted") ?? []) {
      list!.remove(id);
      this.tasks.delete(id);
    }
    this.tell();
  }

  /** Breaks off and forgets all of them. */
  clear(): void {
    for (const { control } of this.tasks.values()) control.abort();
    this.tasks.clear();
    this.lists.clear();
    this.tell();
  }

  private tasksOf(ids: readonly number[]): Task[] {
    return ids.map((id) => this.tasks.get(id)).filter((task) => task !== undefined);
  }

  private begin(task: Task): void {
    this.tasks.set(task.id, task);
    void this.files.run(() => this.run(task));
  }

  private async run(task: Task): Promise<void> {
    const { id, bucket, key, file, control: { signal } } = task;
    if (signal.aborted) return;
    this.change(task, { state: "running" });
    try {
      await this.send(bucket, key, file, signal, (sent) => this.change(task, { sent }));
      this.change(task, { state: "done", sent: file.size });
      this.tasks.delete(id);
    } catch (error) {
      if (!signal.aborted) this.change(task, { state: "failed", error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    }
  }

  private change({ id, bucket }: Task, change: Parameters<UploadList["change"]>[1]): void {
    this.lists.get(bucket)?.change(id, change);
    this.telling ??= setTimeout(() => this.tell(), TELL_MS);
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.summaries.clear();
    this.listeners.forEach((listener) => listener());
  }
}

/** What is on its way is broken off when somebody else is logged in, or nobody. */
export const uploads = ofSession(new Uploads(sendFile));

// Leaving the page would break off what is on its way: the browser asks first.
if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (uploads.busy) event.preventDefault();
  });
}

export function useUploads(bucket: string): Summary {
  return useSyncExternalStore(uploads.subscribe, () => uploads.summaryOf(bucket));
}
