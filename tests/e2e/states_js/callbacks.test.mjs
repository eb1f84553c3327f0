// Activities, their workers, task tokens and nested executions by the AWS SDK for JavaScript.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  ActivityDoesNotExist, InvalidToken, TaskTimedOut, paginateListActivities,
} from "@aws-sdk/client-sfn";
import { ARN, Worker, create, ended, history, sequence, start, states, until } from "./states.mjs";

after(() => states.destroy());

async function activity(name) {
  const { activityArn } = await states.createActivity({ name });
  return activityArn;
}

const task = (resource, more = {}) => ({ Type: "Task", Resource: resource, End: true, ...more });
const alone = (state) => ({ StartAt: "T", States: { T: state } });
const START = "arn:aws:states:::states:startExecution";

test("a worker polls, beats and answers", async () => {
  const arn = await activity("beating");
  assert.equal(arn, `${ARN}:activity:beating`);
  const worker = new Worker(arn, async ({ n }, self) => {
    await until(() => self.beats >= 3, "three heartbeats");
    return { square: n * n };
  }, { workerName: "javascript", beatMs: 20 });
  const machine = await create("beats", alone(task(arn, { HeartbeatSeconds: 50 })));
  const told = await ended(await start(machine, { n: 12 }));
  assert.equal(told.status, "SUCCEEDED", `${told.error} ${told.cause}`);
  assert.deepEqual(told.output, { square: 144 });
  const events = await history(told.executionArn);
  assert.deepEqual(sequence(events), [
    "1<0 ExecutionStarted", "2<0 TaskStateEntered T", "3<2 ActivityScheduled",
    "4<3 ActivityStarted", "5<4 ActivitySucceeded", "6<5 TaskStateExited T",
    "7<6 ExecutionSucceeded"]);
  assert.deepEqual(events[2].activityScheduledEventDetails, {
    resource: arn, input: '{"n":12}', inputDetails: { truncated: false }, heartbeatInSeconds: 50 });
  assert.deepEqual(events[3].activityStartedEventDetails, { workerName: "javascript" });
  await worker.stop();
});

test("two workers share the work of a Map", async () => {
  const arn = await activity("shared");
  const failed = new Set();
  const work = async (n) => {
    if (n % 3 === 0 && !failed.has(n)) {
      failed.add(n);
      throw Object.assign(new Error(`not ${n} at once`), { name: "Busy" });
    }
    return n + 100;
  };
  const workers = [new Worker(arn, work), new Worker(arn, work)];
  const retry = { ErrorEquals: ["Busy"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 };
  const machine = await create("shares", { StartAt: "Each", States: { Each: {
    Type: "Map", End: true, ItemProcessor: alone(task(arn, { Retry: [retry] })) } } });
  const told = await ended(await start(machine, Array.from({ length: 10 }, (_, i) => i)));
  assert.deepEqual(told.output, Array.from({ length: 10 }, (_, i) => i + 100));
  const failures = (await history(told.executionArn, { pageSize: 20 }))
    .filter((event) => event.type === "ActivityFailed")
    .map((event) => event.activityFailedEventDetails);
  assert.deepEqual(failures.map((one) => one.cause).sort(),
    [0, 3, 6, 9].map((n) => `not ${n} at once`));
  assert.ok(failures.every((one) => one.error === "Busy"));
  await Promise.all(workers.map((worker) => worker.stop()));
});

test("a worker that hangs up takes no work along", async () => {
  const arn = await activity("hung-up");
  const gone = new Worker(arn, () => "lost");
  const machine = await create("hangs-up", alone(task(arn)));
  await gone.stop();
  const execution = await start(machine, "work");
  const here = new Worker(arn, (input) => `${input} done`);
  assert.equal((await ended(execution)).output, "work done");
  await here.stop();
});

test("who falls silent has lost the task", async () => {
  const arn = await activity("silent");
  const machine = await create("falls-silent", alone(task(arn, { HeartbeatSeconds: 1 })));
  const execution = await start(machine, {});
  const { taskToken } = await states.getActivityTask({ activityArn: arn });
  const told = await ended(execution);
  assert.deepEqual([told.status, told.error], ["FAILED", "States.HeartbeatTimeout"]);
  await assert.rejects(states.sendTaskHeartbeat({ taskToken }), TaskTimedOut);
  await assert.rejects(states.sendTaskSuccess({ taskToken, output: "1" }), TaskTimedOut);
  await assert.rejects(states.sendTaskFailure({ taskToken: "guess" }), InvalidToken);
});

test("activities are listed, described and deleted", async () => {
  const made = await Promise.all(Array.from({ length: 5 }, (_, i) => activity(`list-${i}`)));
  const found = [];
  for await (const page of paginateListActivities({ client: states, pageSize: 2 }, {})) {
    found.push(...page.activities.map((one) => one.activityArn));
  }
  assert.deepEqual(found.filter((arn) => arn.includes(":list-")).sort(), made.sort());
  const told = await states.describeActivity({ activityArn: made[0] });
  assert.deepEqual([told.activityArn, told.name], [made[0], "list-0"]);
  assert.ok(told.creationDate instanceof Date);
  assert.equal(await activity("list-0"), made[0]); // the same once more
  await states.deleteActivity({ activityArn: made[0] });
  const gone = states.describeActivity({ activityArn: made[0] });
  await assert.rejects(gone, ActivityDoesNotExist);
});

test("a task token is answered, and refused", async () => {
  const child = await create("told", alone({ Type: "Pass", End: true }));
  const asks = await create("asks", alone(task(`${START}.waitForTaskToken`, {
    Parameters: {
      StateMachineArn: child, "Name.$": "$$.Execution.Name",
      Input: { "token.$": "$$.Task.Token", "question.$": "$.question" } } })));
  const ask = async (name) => {
    const execution = await start(asks, { question: "how many?" }, { name });
    const executionArn = `${ARN}:execution:told:${name}`;
    const told = await until(async () => {
      const { executions } = await states.listExecutions({ stateMachineArn: child });
      return executions.some((one) => one.name === name) && ended(executionArn);
    }, "the child");
    assert.equal(told.output.question, "how many?");
    return { execution, taskToken: told.output.token };
  };
  const first = await ask("first");
  await states.sendTaskHeartbeat({ taskToken: first.taskToken });
  await states.sendTaskSuccess({ taskToken: first.taskToken, output: "42" });
  assert.equal((await ended(first.execution)).output, 42);
  const types = (await history(first.execution)).map((event) => event.type);
  assert.deepEqual(types, [
    "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted",
    "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]);
  const second = await ask("second");
  await states.sendTaskFailure({ taskToken: second.taskToken, error: "No", cause: "never" });
  const told = await ended(second.execution);
  assert.deepEqual([told.status, told.error, told.cause], ["FAILED", "No", "never"]);
});

test("an execution inside of an execution", async () => {
  const child = await create("inner", alone(
    { Type: "Pass", End: true, Parameters: { "twice.$": "States.MathAdd($.n, $.n)" } }));
  const outer = await create("outer", alone(task(`${START}.sync:2`, {
    Parameters: { StateMachineArn: child, Input: { "n.$": "$.n" } }, OutputPath: "$.Output" })));
  assert.deepEqual((await ended(await start(outer, { n: 21 }))).output, { twice: 42 });
});
