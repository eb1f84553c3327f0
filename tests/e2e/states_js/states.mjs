// What the tests in JavaScript share: the SDK's client, made from the environment as any program's
// is, and how a state machine runs to its end.
import { setTimeout as pause } from "node:timers/promises";
import { SFN, paginateGetExecutionHistory } from "@aws-sdk/client-sfn";

export const ROLE = process.env.TRAINYARD_ROLE;
export const ACCOUNT = "000000000000";
export const ARN = `arn:aws:states:${process.env.AWS_REGION}:${ACCOUNT}`;
const END_SECONDS_MAX = 60;
const POLL_MS = 50;

// One attempt: a test must not pass by the SDK's second try.
export const states = new SFN({ maxAttempts: 1 });

export async function create(name, definition, more = {}) {
  const request = { name, roleArn: ROLE, definition: JSON.stringify(definition), ...more };
  const { stateMachineArn } = await states.createStateMachine(request);
  return stateMachineArn;
}

export async function start(stateMachineArn, input, more = {}) {
  const request = { stateMachineArn, input: JSON.stringify(input), ...more };
  const { executionArn } = await states.startExecution(request);
  return executionArn;
}

/** The first value of `ask` that is truthy; fails the test when none comes. */
export async function until(ask, what) {
  for (const end = Date.now() + END_SECONDS_MAX * 1000; Date.now() < end; await pause(POLL_MS)) {
    const value = await ask();
    if (value) return value;
  }
  throw new Error(`${what} within ${END_SECONDS_MAX} s`);
}

/** DescribeExecution once the execution has ended, its output as a value. (The SDK has no waiters for
 * it.) */
export async function ended(executionArn) {
  const told = await until(async () => {
    const execution = await states.describeExecution({ executionArn });
    return execution.status !== "RUNNING" && execution;
  }, `the end of ${executionArn}`);
  return { ...told, output: told.output && JSON.parse(told.output) };
}

/** Every event of an execution, by pages of `pageSize`. */
export async function history(executionArn, { pageSize = 100, reverseOrder = false } = {}) {
  const events = [];
  const pages = paginateGetExecutionHistory({ client: states, pageSize },
    { executionArn, reverseOrder });
  for await (const page of pages) events.push(...page.events);
  return events;
}

/** "ID<PREVIOUS TYPE [STATE]" of each event. */
export function sequence(events) {
  return events.map((event) => {
    const details = Object.values(event).find((value) => value?.name);
    const name = details ? ` ${details.name}` : "";
    return `${event.id}<${event.previousEventId} ${event.type}${name}`;
  });
}

/** An activity's worker: takes one task after another until it is stopped. Each is answered with
 * what `work` returns, or fails with the name and message of what it throws; meanwhile it beats. */
export class Worker {
  #stop = new AbortController();
  #beats = [];

  constructor(activityArn, work, { workerName, beatMs } = {}) {
    this.beats = 0;
    this.done = this.#loop({ activityArn, workerName }, work, beatMs);
  }

  async #loop(request, work, beatMs) {
    while (!this.#stop.signal.aborted) {
      let task;
      try {
        task = await states.getActivityTask(request, { abortSignal: this.#stop.signal });
      } catch (error) {
        if (error.name === "AbortError") return;
        throw error;
      }
      if (task.taskToken) await this.#answer(task, work, beatMs);
    }
  }

  async #answer({ taskToken, input }, work, beatMs) {
    const beat = beatMs && setInterval(() => this.#beats.push(this.#beat(taskToken)), beatMs);
    let reply;
    try {
      const output = JSON.stringify(await work(JSON.parse(input), this));
      reply = () => states.sendTaskSuccess({ taskToken, output });
    } catch (error) {
      reply = () => states.sendTaskFailure({ taskToken, error: error.name, cause: error.message });
    }
    clearInterval(beat);
    await Promise.all(this.#beats.splice(0));
    await reply();
  }

  async #beat(taskToken) {
    await states.sendTaskHeartbeat({ taskToken });
    ++this.beats;
  }

  /** Ends the poll that waits, and with it the worker. */
  stop() {
    this.#stop.abort();
    return this.done;
  }
}
