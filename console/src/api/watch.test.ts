import { expect, test, vi } from "vitest";
import { ApiError } from "./http";
import { read, WatchHub, type Read } from "./watch";

interface Opened {
  reads: { id: string; operation: string }[];
  signal: AbortSignal;
  say: (line: unknown) => void;
  end: () => void;
}

/** A hub whose streams the test writes. */
function staged(visible = { now: true }) {
  const opened: Opened[] = [];
  const hub = new WatchHub(
    async (body, signal) => {
      let control!: ReadableStreamDefaultController<Uint8Array>;
      const stream = new ReadableStream<Uint8Array>({ start: (it) => void (control = it) });
      opened.push({
        reads: (body as { reads: Opened["reads"] }).reads,
        signal,
        say: (line) => control.enqueue(new TextEncoder().encode(JSON.stringify(line) + "\n")),
        end: () => control.close(),
      });
      return new Response(stream);
    },
    () => visible.now,
  );
  return { hub, opened };
}

const jobs = read("sagemaker", "ListTrainingJobs", {}) as Read<unknown>;
const roles = read("iam", "ListRoles", {}) as Read<unknown>;
const soon = () => new Promise((done) => setTimeout(done, 30));
const until = (check: () => void) => vi.waitFor(check, 2000);

test("an answer reaches who asked, and the next one too", async () => {
  const { hub, opened } = staged();
  const told = vi.fn();
  hub.subscribe(jobs, told);
  expect(hub.current(jobs.key)).toEqual({ loading: true });
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: { n: 1 } });
  await until(() => expect(hub.current(jobs.key)).toEqual({ data: { n: 1 }, loading: false }));
  opened[0]!.say({ id: "0", output: { n: 2 } });
  await until(() => expect(hub.current(jobs.key).data).toEqual({ n: 2 }));
  expect(told).toHaveBeenCalledTimes(2);
});

test("reads that come together share one stream; a later one makes it anew, and the old one ends", async () => {
  const { hub, opened } = staged();
  hub.subscribe(jobs, () => {});
  hub.subscribe(jobs, () => {});
  hub.subscribe(roles, () => {});
  await until(() => expect(opened).toHaveLength(1));
  expect(opened[0]!.reads.map((one) => one.operation)).toEqual(["ListTrainingJobs", "ListRoles"]);
  hub.subscribe(read("states", "ListActivities", {}) as Read<unknown>, () => {});
  await until(() => expect(opened).toHaveLength(2));
  expect(opened[1]!.reads).toHaveLength(3);
  await until(() => expect(opened[0]!.signal.aborted).toBe(true));
  expect(opened[1]!.signal.aborted).toBe(false);
});

test("the same answer from another stream tells nobody", async () => {
  const { hub, opened } = staged();
  const told = vi.fn();
  hub.subscribe(roles, told);
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: { Roles: [] } });
  await until(() => expect(told).toHaveBeenCalledTimes(1));
  const before = hub.current(roles.key);
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(2));
  opened[1]!.say({ id: "0", output: { Roles: [] } });
  opened[1]!.say({ id: "1", output: {} });
  await until(() => expect(hub.current(jobs.key).loading).toBe(false));
  expect(told).toHaveBeenCalledTimes(1);
  expect(hub.current(roles.key)).toBe(before);
});

test("an error keeps what was known", async () => {
  const { hub, opened } = staged();
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: { n: 1 } });
  opened[0]!.say({ id: "0", error: { __type: "x#AccessDeniedException", message: "no" } });
  await until(() => expect(hub.current(jobs.key).error?.code).toBe("AccessDeniedException"));
  expect(hub.current(jobs.key).data).toEqual({ n: 1 });
});

test("a stream that breaks off is made anew; the second time the connection counts as lost", async () => {
  const { hub, opened } = staged();
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.end();
  await until(() => expect(opened).toHaveLength(2));
  expect(hub.currentConnection()).toBe("live");
});

test("without an answer the connection is lost, and found again", async () => {
  let down = true;
  const hub = new WatchHub(async () => {
    if (down) throw new ApiError("NoAnswer", "", 0);
    return new Response(new ReadableStream());
  }, () => true);
  hub.subscribe(jobs, () => {});
  await vi.waitFor(() => expect(hub.currentConnection()).toBe("lost"), 3000);
  down = false;
  await vi.waitFor(() => expect(hub.currentConnection()).toBe("live"), 6000);
}, 10_000);

test("a tab that nobody sees has no stream", async () => {
  const visible = { now: false };
  const { hub, opened } = staged(visible);
  hub.subscribe(jobs, () => {});
  await soon();
  await soon();
  expect(opened).toHaveLength(0);
  visible.now = true;
  hub.plan();
  await until(() => expect(opened).toHaveLength(1));
  visible.now = false;
  hub.plan();
  await until(() => expect(opened[0]!.signal.aborted).toBe(true));
});

test("nobody's reads end the stream", async () => {
  const { hub, opened } = staged();
  const leave = hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  leave();
  await until(() => expect(opened[0]!.signal.aborted).toBe(true));
});

test("another principal sees nothing of the first one's answers", async () => {
  const { hub, opened } = staged();
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: { n: 1 } });
  await until(() => expect(hub.current(jobs.key).data).toEqual({ n: 1 }));
  hub.clear();
  expect(hub.current(jobs.key)).toEqual({ loading: true });
});
