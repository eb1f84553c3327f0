import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "./http";
import { read, WatchHub, type Read } from "./watch";

interface Opened {
  reads: { id: string; operation: string }[];
  signal: AbortSignal;
  say: (line: unknown) => void;
  end: () => void;
}

/** A hub whose streams the test writes; `state.refusal` is what it meets instead. */
function staged(state: { visible?: boolean; refusal?: ApiError | undefined } = {}) {
  const opened: Opened[] = [];
  const hub = new WatchHub(
    async (body, signal) => {
      if (state.refusal) throw state.refusal;
      let control!: ReadableStreamDefaultController<Uint8Array>;
      const stream = new ReadableStream<Uint8Array>({ start: (it) => void (control = it) });
      signal.addEventListener("abort", () => control.error(signal.reason)); // as fetch has it
      opened.push({
        reads: (body as { reads: Opened["reads"] }).reads,
        signal,
        say: (line) => control.enqueue(new TextEncoder().encode(JSON.stringify(line) + "\n")),
        end: () => control.close(),
      });
      return new Response(stream);
    },
    () => state.visible ?? true,
  );
  return { hub, opened, state };
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

test("a stream that breaks off is made anew; the second that says nothing means that the connection is lost", async () => {
  const { hub, opened } = staged();
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: {} });
  await until(() => expect(hub.current(jobs.key).loading).toBe(false));
  opened[0]!.end();
  await until(() => expect(opened).toHaveLength(2));
  expect(hub.currentConnection()).toBe("live");
  opened[1]!.end();
  await until(() => expect(hub.currentConnection()).toBe("lost"));
  await until(() => expect(opened).toHaveLength(3));
  opened[2]!.say({ beat: true });
  await until(() => expect(hub.currentConnection()).toBe("live"));
});

test("without an answer the connection is lost, and found again", async () => {
  const { hub, opened, state } = staged({ refusal: new ApiError("NoAnswer", "", 0) });
  hub.subscribe(jobs, () => {});
  await vi.waitFor(() => expect(hub.currentConnection()).toBe("lost"), 3000);
  state.refusal = undefined;
  await vi.waitFor(() => expect(opened).toHaveLength(1), 6000);
  opened[0]!.say({ beat: true });
  await until(() => expect(hub.currentConnection()).toBe("live"));
}, 10_000);

test("a refusal of the whole stream goes with the next answer, be it the same as before", async () => {
  const { hub, opened, state } = staged();
  hub.subscribe(jobs, () => {});
  await until(() => expect(opened).toHaveLength(1));
  opened[0]!.say({ id: "0", output: { n: 1 } });
  await until(() => expect(hub.current(jobs.key).data).toEqual({ n: 1 }));
  state.refusal = new ApiError("ThrottlingException", "", 429);
  opened[0]!.end();
  await until(() => expect(hub.current(jobs.key)).toMatchObject({ data: { n: 1 }, error: { code: "ThrottlingException" } }));
  await soon();
  expect(hub.currentConnection()).toBe("live"); // it did answer
  state.refusal = undefined;
  await until(() => expect(opened).toHaveLength(2));
  opened[1]!.say({ id: "0", output: { n: 1 } });
  await until(() => expect(hub.current(jobs.key)).toEqual({ data: { n: 1 }, loading: false }));
});

test("what is asked for meanwhile does not wait for the next try", async () => {
  const { hub, opened, state } = staged({ refusal: new ApiError("NoAnswer", "", 0) });
  hub.subscribe(jobs, () => {});
  await vi.waitFor(() => expect(hub.currentConnection()).toBe("lost"), 3000); // the next try is a second or more away
  state.refusal = undefined;
  hub.subscribe(roles, () => {});
  await vi.waitFor(() => expect(opened).toHaveLength(1), 500);
});

describe("a stream that nothing comes from", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is given up and made anew; beats keep it", async () => {
    const { hub, opened } = staged();
    hub.subscribe(jobs, () => {});
    await vi.advanceTimersByTimeAsync(1);
    opened[0]!.say({ beat: true });
    await vi.advanceTimersByTimeAsync(35_000);
    opened[0]!.say({ beat: true });
    await vi.advanceTimersByTimeAsync(35_000);
    expect(opened[0]!.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(opened[0]!.signal.aborted).toBe(true);
    expect(opened).toHaveLength(2);
  });
});

test("a tab that nobody sees has no stream", async () => {
  const { hub, opened, state } = staged({ visible: false });
  hub.subscribe(jobs, () => {});
  await soon();
  await soon();
  expect(opened).toHaveLength(0);
  state.visible = true;
  hub.plan();
  await until(() => expect(opened).toHaveLength(1));
  state.visible = false;
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
