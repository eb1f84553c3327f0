// State machines and their executions by the AWS SDK for JavaScript.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidArn, InvalidDefinition, InvalidName,
  StateMachineAlreadyExists, StateMachineDoesNotExist, paginateListExecutions,
  paginateListStateMachines,
} from "@aws-sdk/client-sfn";
import { ARN, create, ended, history, sequence, start, states } from "./states.mjs";

after(() => states.destroy());

// All eight types of state: a list is mapped beside a pause and a task, and the sum decides.
const ALL_TYPES = {
  Comment: "every type of state",
  StartAt: "Shape",
  States: {
    Shape: {
      Type: "Pass", Next: "Both",
      Parameters: {
        "items.$": "States.ArrayRange(1, $.n, 1)", "limit.$": "$.limit", "model.$": "$.model",
      },
    },
    Both: {
      Type: "Parallel", Next: "Enough?", ResultPath: "$.made",
      Branches: [
        {
          StartAt: "Each",
          States: {
            Each: {
              Type: "Map", End: true, ItemsPath: "$.items", MaxConcurrency: 1,
              ItemSelector: { "n.$": "$$.Map.Item.Value" },
              ItemProcessor: {
                ProcessorConfig: { Mode: "INLINE" },
                StartAt: "Double",
                States: {
                  Double: {
                    Type: "Pass", End: true, OutputPath: "$.n",
                    Parameters: { "n.$": "States.MathAdd($.n, $.n)" },
                  },
                },
              },
            },
          },
        },
        {
          StartAt: "Pause",
          States: {
            Pause: { Type: "Wait", Seconds: 1, Next: "Ask" },
            Ask: {
              Type: "Task", Resource: "arn:aws:states:::sagemaker:createModel", End: true,
              Parameters: {
                "ModelName.$": "$.model", "ExecutionRoleArn.$": "$$.Execution.RoleArn",
                PrimaryContainer: { Image: process.env.TRAINYARD_IMAGE },
              },
              Retry: [{ ErrorEquals: ["States.Timeout"], MaxAttempts: 1 }],
              Catch: [{ ErrorEquals: ["States.TaskFailed"], Next: "Mended" }],
            },
            Mended: { Type: "Pass", Result: "no model", End: true },
          },
        },
      ],
    },
    "Enough?": {
      Type: "Choice", Default: "Too little",
      Choices: [
        { Variable: "$.made[0][2]", NumericGreaterThanEqualsPath: "$.limit", Next: "Done" },
      ],
    },
    Done: { Type: "Succeed", OutputPath: "$.made" },
    "Too little": {
      Type: "Fail", Error: "TooLittle", CausePath: "States.Format('under {}', $.limit)",
    },
  },
};

const pass = (more = {}) => ({ StartAt: "P", States: { P: { Type: "Pass", End: true, ...more } } });
const WAIT = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 3600, End: true } } };

test("every type of state, and its history by pages", async () => {
  const machine = await create("all-types", ALL_TYPES, { tags: [{ key: "team", value: "blue" }] });
  assert.equal(machine, `${ARN}:stateMachine:all-types`);
  const input = { n: 3, limit: 6, model: "js-1" };
  const good = await ended(await start(machine, input, { name: "good" }));
  assert.equal(good.status, "SUCCEEDED", `${good.error} ${good.cause}`);
  assert.equal(good.executionArn, `${ARN}:execution:all-types:good`);
  assert.ok(good.startDate instanceof Date && good.stopDate >= good.startDate);
  const [doubled, model] = good.output;
  assert.deepEqual(doubled, [2, 4, 6]);
  assert.match(model.ModelArn, /:model\/js-1$/);

  const events = await history(good.executionArn, { pageSize: 7 });
  assert.deepEqual(sequence(events).slice(0, 12), [
    "1<0 ExecutionStarted", "2<0 PassStateEntered Shape", "3<2 PassStateExited Shape",
    "4<3 ParallelStateEntered Both", "5<4 ParallelStateStarted", "6<5 MapStateEntered Each",
    "7<6 MapStateStarted", "8<7 MapIterationStarted Each", "9<5 WaitStateEntered Pause",
    "10<8 PassStateEntered Double", "11<10 PassStateExited Double",
    "12<11 MapIterationSucceeded Each"]);
  assert.deepEqual(events.map((event) => event.id), events.map((_, i) => i + 1));
  assert.equal(events.at(-1).type, "ExecutionSucceeded");
  assert.deepEqual(JSON.parse(events.at(-1).executionSucceededEventDetails.output), good.output);
  assert.deepEqual(events[6].mapStateStartedEventDetails, { length: 3 });
  assert.deepEqual(await history(good.executionArn), events);
  assert.deepEqual(await history(good.executionArn, { pageSize: 5, reverseOrder: true }),
    events.toReversed());

  const bad = await ended(await start(machine, { ...input, limit: 7 })); // the model is there
  assert.ok((await history(bad.executionArn)).some((event) =>
    event.stateEnteredEventDetails?.name === "Mended"));
  assert.deepEqual([bad.status, bad.error, bad.cause], ["FAILED", "TooLittle", "under 7"]);
  assert.equal(bad.output, undefined);
  const { tags } = await states.listTagsForResource({ resourceArn: machine });
  assert.deepEqual(tags, [{ key: "team", value: "blue" }]);
});

test("described, updated, stopped, deleted", async () => {
  const machine = await create("changes", WAIT);
  const told = await states.describeStateMachine({ stateMachineArn: machine });
  assert.deepEqual(JSON.parse(told.definition), WAIT);
  assert.deepEqual([told.name, told.status, told.type], ["changes", "ACTIVE", "STANDARD"]);
  assert.ok(told.creationDate instanceof Date);
  const old = await start(machine, {});
  const changed = pass({ Result: "changed" });
  const { updateDate } = await states.updateStateMachine({
    stateMachineArn: machine, definition: JSON.stringify(changed) });
  assert.ok(updateDate instanceof Date);
  assert.equal((await ended(await start(machine, {}))).output, "changed");
  const { definition } = await states.describeStateMachineForExecution({ executionArn: old });
  assert.deepEqual(JSON.parse(definition), WAIT);
  await states.stopExecution({ executionArn: old, error: "Tired", cause: "enough" });
  const stopped = await ended(old);
  assert.deepEqual([stopped.status, stopped.error, stopped.cause], ["ABORTED", "Tired", "enough"]);
  const last = (await history(old)).at(-1);
  assert.deepEqual(last.executionAbortedEventDetails, { error: "Tired", cause: "enough" });
  await states.deleteStateMachine({ stateMachineArn: machine });
  await assert.rejects(start(machine, {}), StateMachineDoesNotExist);
});

test("lists by pages", async () => {
  const machines = await Promise.all(
    Array.from({ length: 7 }, (_, i) => create(`listed-${i}`, pass())));
  const found = [];
  for await (const page of paginateListStateMachines({ client: states, pageSize: 3 }, {})) {
    assert.ok(page.stateMachines.length <= 3);
    found.push(...page.stateMachines.map((one) => one.stateMachineArn));
  }
  assert.deepEqual(found.filter((arn) => arn.includes(":listed-")).sort(), machines.sort());
  assert.equal(new Set(found).size, found.length);

  const names = Array.from({ length: 8 }, (_, i) => `run-${i}`);
  await Promise.all(names.map((name) => start(machines[0], {}, { name })));
  const listed = [];
  const request = { stateMachineArn: machines[0], statusFilter: "SUCCEEDED" };
  for await (const page of paginateListExecutions({ client: states, pageSize: 3 }, request)) {
    listed.push(...page.executions);
  }
  assert.deepEqual(listed.map((one) => one.name).sort(), names);
  assert.ok(listed.every((one) => one.startDate instanceof Date && one.status === "SUCCEEDED"));
});

test("errors are the SDK's classes", async () => {
  const machine = await create("errors", WAIT);
  const execution = await start(machine, { a: 1 }, { name: "one" });
  const nowhere = `${ARN}:stateMachine:nowhere`;
  const cases = [
    [() => create("errors", pass()), StateMachineAlreadyExists, `'${machine}'`],
    [() => create("bad name", pass()), InvalidName],
    [() => create("bad", pass({ Parameters: { "a.$": "b" } })), InvalidDefinition,
      "at /States/P/Parameters"],
    [() => create("bad", pass({ Nope: 1 })), InvalidDefinition, "Nope"],
    [() => start(nowhere, {}), StateMachineDoesNotExist, nowhere],
    [() => start("nowhere", {}), InvalidArn],
    [() => start(machine, { a: 2 }, { name: "one" }), ExecutionAlreadyExists, execution],
    [() => history(`${ARN}:execution:errors:two`), ExecutionDoesNotExist],
  ];
  for (const [call, type, part] of cases) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof type, `${error.name} is no ${type.name}: ${error.message}`);
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.ok(error.message.includes(part ?? ""), error.message);
      return true;
    });
  }
  assert.equal(await start(machine, { a: 1 }, { name: "one" }), execution); // it still runs
  await states.stopExecution({ executionArn: execution });
});
