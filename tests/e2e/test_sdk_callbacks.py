"""Workflows that wait for others, by the Step Functions SDK as PyPI has it: activities and their
workers, task tokens, workflows inside of workflows."""
import concurrent.futures
import json
import unittest
import warnings

warnings.simplefilter("ignore")

import boto3  # noqa: E402
from stepfunctions import steps  # noqa: E402

import sdk  # noqa: E402
from flows import ARN, WithFlows, details_of, outputs_of, sequence  # noqa: E402
from harness import wait_for  # noqa: E402

if not sdk.V1:
    from stepfunctions.steps.integration_resources import IntegrationPattern

START = "arn:aws:states:::states:startExecution"
RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"


def start_step(name, machine, pattern, inputs, **settings):
    """A state that starts an execution of the machine; pattern is "", "sync" or "waitForTaskToken".
    The old SDK has no step of that kind: there it is a Task."""
    parameters = {"StateMachineArn": machine, "Input": inputs}
    if sdk.V1:
        return steps.Task(name, resource=f"{START}{pattern and '.'}{pattern}",
                          parameters=parameters, **settings)
    return steps.StepFunctionsStartExecutionStep(
        name, integration_pattern=IntegrationPattern(pattern), parameters=parameters, **settings)


class WithWorkers(WithFlows):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = boto3.DEFAULT_SESSION.client("stepfunctions")

    def caught(self, *errors):
        return steps.Catch(error_equals=list(errors), result_path="$.caught",
                           next_step=steps.Pass("Caught", input_path="$.caught"))


class Activities(WithWorkers):
    def setUp(self):
        name = self.id().rsplit(".", 1)[1]
        self.activity = self.states.create_activity(name=name)["activityArn"]
        self.assertEqual(self.activity, f"{ARN}:activity:{name}")
        self.addCleanup(self.states.delete_activity, activityArn=self.activity)

    def task(self, worker=None):
        """(token, input as a value) of the next task."""
        named = {"workerName": worker} if worker else {}
        task = self.states.get_activity_task(activityArn=self.activity, **named)
        return task["taskToken"], json.loads(task["input"])

    def succeed(self, token, output):
        self.states.send_task_success(taskToken=token, output=json.dumps(output))

    def test_a_worker_does_the_work(self):
        work = steps.Task("Work", resource=self.activity, timeout_seconds=300,
                          heartbeat_seconds=100, result_path="$.sum",
                          parameters={"terms.$": "$.terms", "base": 10})
        execution = self.workflow(work).execute(inputs={"terms": [1, 2]})
        token, given = self.task("adder")
        self.assertEqual(given, {"terms": [1, 2], "base": 10})
        self.states.send_task_heartbeat(taskToken=token)
        self.succeed(token, given["base"] + sum(given["terms"]))
        self.assertEqual(self.end_of(execution), {"terms": [1, 2], "sum": 13})
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 TaskStateEntered Work", "3<2 ActivityScheduled",
            "4<3 ActivityStarted", "5<4 ActivitySucceeded", "6<5 TaskStateExited Work",
            "7<6 ExecutionSucceeded"])
        scheduled, = details_of(execution, "ActivityScheduled")
        self.assertEqual(json.loads(scheduled.pop("input")), given)
        self.assertEqual(scheduled, {
            "resource": self.activity, "timeoutInSeconds": 300, "heartbeatInSeconds": 100,
            "inputDetails": {"truncated": False}})
        self.assertEqual(details_of(execution, "ActivityStarted"), [{"workerName": "adder"}])
        self.assertEqual(outputs_of(execution, "ActivitySucceeded"), [13])

    def test_workers_ask_before_there_is_work(self):
        flow = self.workflow(steps.Map("Each", iterator=steps.Task("Work", resource=self.activity)))
        with concurrent.futures.ThreadPoolExecutor(3) as workers:
            tasks = [workers.submit(self.task) for _ in range(3)]
            execution = flow.execute(inputs=[1, 2, 3])
            done = [task.result(timeout=90) for task in tasks]
        self.assertEqual(sorted(given for _, given in done), [1, 2, 3])
        self.assertEqual(len({token for token, _ in done}), 3)
        for token, given in done:
            self.succeed(token, given * given)
        self.assertEqual(self.end_of(execution), [1, 4, 9])

    def test_a_worker_that_fails_is_asked_again(self):
        work = steps.Task("Work", resource=self.activity)
        work.add_retry(steps.Retry(error_equals=["Busy"], interval_seconds=1, max_attempts=2,
                                   backoff_rate=1.0))
        work.add_catch(self.caught("States.ALL"))
        flow = self.workflow(work)
        execution = flow.execute(inputs={"n": 1})
        for error in ("Busy", "Busy"):
            token, _ = self.task()
            self.states.send_task_failure(taskToken=token, error=error, cause="later")
        token, given = self.task()
        self.succeed(token, given["n"])
        self.assertEqual(self.end_of(execution), 1)
        once = ["ActivityScheduled", "ActivityStarted"]
        self.assertEqual([event["type"] for event in execution.list_events()], [
            "ExecutionStarted", "TaskStateEntered", *once, "ActivityFailed", *once,
            "ActivityFailed", *once, "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"])
        self.assertEqual(details_of(execution, "ActivityFailed"),
                         2 * [{"error": "Busy", "cause": "later"}])
        execution = flow.execute(inputs={"n": 2})
        token, _ = self.task()
        self.states.send_task_failure(taskToken=token, error="Broken", cause="for good")
        self.assertEqual(self.end_of(execution), {"Error": "Broken", "Cause": "for good"})

    def test_no_worker_comes_in_time(self):
        work = steps.Task("Work", resource=self.activity, timeout_seconds=1)
        work.add_catch(self.caught("States.Timeout"))
        execution, output = self.run_to_end(work, {})
        self.assertEqual(output["Error"], "States.Timeout")
        self.assertEqual([event["type"] for event in execution.list_events()][2:4],
                         ["ActivityScheduled", "ActivityTimedOut"])
        # What nobody waits for any more is no work for the next worker.
        second = self.workflow(steps.Task("Work", resource=self.activity)).execute(inputs="second")
        token, given = self.task()
        self.assertEqual(given, "second")
        self.succeed(token, None)
        self.end_of(second)

    @unittest.skipIf(sdk.V1, "stepfunctions 1.x has no times by path")
    def test_times_by_path(self):
        work = steps.Task("Work", resource=self.activity, timeout_seconds_path="$.time",
                          heartbeat_seconds_path="$.beat")
        execution = self.workflow(work).execute(inputs={"time": 300, "beat": 100})
        token, _ = self.task()
        scheduled, = details_of(execution, "ActivityScheduled")
        self.assertEqual((scheduled["timeoutInSeconds"], scheduled["heartbeatInSeconds"]),
                         (300, 100))
        self.succeed(token, "done")
        self.assertEqual(self.end_of(execution), "done")
        error, _ = self.error_of(self.workflow(work).execute(inputs={"time": 1, "beat": 100}))
        self.assertEqual(error, "States.Timeout")

    def test_a_worker_that_falls_silent(self):
        work = steps.Task("Work", resource=self.activity, heartbeat_seconds=1)
        work.add_catch(self.caught("States.HeartbeatTimeout"))
        execution = self.workflow(work).execute(inputs={})
        token, _ = self.task()
        self.assertEqual(self.end_of(execution)["Error"], "States.HeartbeatTimeout")
        self.assertEqual([event["type"] for event in execution.list_events()][2:5],
                         ["ActivityScheduled", "ActivityStarted", "ActivityTimedOut"])
        for late in (lambda: self.states.send_task_heartbeat(taskToken=token),
                     lambda: self.succeed(token, 1),
                     lambda: self.states.send_task_failure(taskToken=token)):
            with self.assertRaises(self.states.exceptions.TaskTimedOut):
                late()

    def test_tokens_that_are_none(self):
        for bad in (lambda: self.states.send_task_heartbeat(taskToken="guess"),
                    lambda: self.succeed("guess", 1),
                    lambda: self.states.send_task_failure(taskToken="guess")):
            with self.assertRaises(self.states.exceptions.InvalidToken):
                bad()
        execution = self.workflow(steps.Task("Work", resource=self.activity)).execute(inputs={})
        token, _ = self.task()
        with self.assertRaises(self.states.exceptions.InvalidOutput):
            self.states.send_task_success(taskToken=token, output="{")
        self.succeed(token, {})
        self.assertEqual(self.end_of(execution), {})
        with self.assertRaises(self.states.exceptions.TaskTimedOut):
            self.succeed(token, {})


class OtherWorkflows(WithWorkers):
    allowed = ({"Effect": "Allow", "Resource": "*", "Action": [
                    "states:StartExecution", "states:DescribeExecution", "states:StopExecution",
                    "states:SendTaskSuccess", "states:SendTaskFailure"]},
               {"Effect": "Allow", "Resource": f"arn:aws:events:*:*:{RULE}", "Action": [
                    "events:PutTargets", "events:PutRule", "events:DescribeRule"]})

    def only_execution(self, flow):
        one, = wait_for(flow.list_executions, what=f"an execution of {flow.name}")
        return one

    def waiting(self, more=()):
        """(child's workflow, parent's execution, token): the parent waits with its token in the
        child's input."""
        child = self.workflow(steps.Pass("Told"))
        wait = start_step("Ask", child.state_machine_arn, "waitForTaskToken",
                          {"token.$": "$$.Task.Token", "n.$": "$.n"}, timeout_seconds=600)
        wait.add_catch(self.caught("States.ALL"))
        execution = self.workflow(steps.Chain([wait, *more])).execute(inputs={"n": 7})
        told = self.only_execution(child)
        self.assertEqual(self.end_of(told)["n"], 7)
        return execution, told.get_input()["token"]

    def test_a_token_is_answered(self):
        execution, token = self.waiting([steps.Pass("After", input_path="$.answer")])
        self.assertEqual(execution.describe()["status"], "RUNNING")
        self.states.send_task_heartbeat(taskToken=token)
        self.states.send_task_success(taskToken=token, output='{"answer": [42]}')
        self.assertEqual(self.end_of(execution), [42])
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 TaskStateEntered Ask", "3<2 TaskScheduled",
            "4<3 TaskStarted", "5<4 TaskSubmitted", "6<5 TaskSucceeded", "7<6 TaskStateExited Ask",
            "8<7 PassStateEntered After", "9<8 PassStateExited After", "10<9 ExecutionSucceeded"])
        submitted, = details_of(execution, "TaskSubmitted")
        self.assertEqual((submitted["resourceType"], submitted["resource"]),
                         ("states", "startExecution.waitForTaskToken"))
        with self.assertRaises(self.states.exceptions.TaskTimedOut):
            self.states.send_task_success(taskToken=token, output="{}")

    def test_a_token_is_refused(self):
        execution, token = self.waiting()
        self.states.send_task_failure(taskToken=token, error="NotMine", cause="ask others")
        self.assertEqual(self.end_of(execution), {"Error": "NotMine", "Cause": "ask others"})
        failed, = details_of(execution, "TaskFailed")
        self.assertEqual((failed["error"], failed["cause"]), ("NotMine", "ask others"))

    def test_a_token_is_answered_by_the_other_workflow(self):
        child = self.workflow(steps.Task(
            "Answer", resource="arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
            parameters={"TaskToken.$": "$.token",
                        "Output.$": "States.JsonToString(States.Array($.n, 'done'))"}))
        execution, output = self.run_to_end(start_step(
            "Ask", child.state_machine_arn, "waitForTaskToken",
            {"token.$": "$$.Task.Token", "n.$": "$.n"}), {"n": 7})
        self.assertEqual(output, [7, "done"])
        self.assertEqual(self.end_of(self.only_execution(child)), {})

    def test_a_workflow_as_a_step(self):
        child = self.workflow(steps.Pass("Made", parameters={"n.$": "$.n", "by": "child"}))
        execution, output = self.run_to_end(
            start_step("Run", child.state_machine_arn, "sync", {"n.$": "$.n"}), {"n": 3})
        told = self.only_execution(child)
        self.assertEqual(told.get_input(), {"n": 3})
        result = json.loads(output["Output"]) if sdk.V1 else output["Output"]
        self.assertEqual(result, {"n": 3, "by": "child"})
        self.assertEqual((output["ExecutionArn"], output["Status"], output["Name"]),
                         (told.execution_arn, "SUCCEEDED", told.name))
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 TaskStateEntered Run", "3<2 TaskScheduled",
            "4<3 TaskStarted", "5<4 TaskSubmitted", "6<5 TaskSucceeded", "7<6 TaskStateExited Run",
            "8<7 ExecutionSucceeded"])
        resource = "startExecution.sync" if sdk.V1 else "startExecution.sync:2"
        self.assertEqual(details_of(execution, "TaskScheduled")[0]["resource"], resource)
        submitted, = outputs_of(execution, "TaskSubmitted")
        self.assertEqual(submitted["ExecutionArn"], told.execution_arn)

    def test_a_workflow_that_fails_fails_its_step(self):
        child = self.workflow(steps.Fail("Broken", error="Mine", cause="why"))
        run = start_step("Run", child.state_machine_arn, "sync", {})
        run.add_catch(self.caught("States.TaskFailed"))
        _, output = self.run_to_end(run, {})
        self.assertEqual(output["Error"], "States.TaskFailed")
        cause = json.loads(output["Cause"])
        self.assertEqual((cause["Status"], cause["Error"], cause["Cause"]),
                         ("FAILED", "Mine", "why"))

    def test_a_workflow_is_started_and_left(self):
        child = self.workflow(steps.Wait("Long", seconds=3600))
        execution, output = self.run_to_end(
            start_step("Start", child.state_machine_arn, "", {"a": 1}), {})
        told = self.only_execution(child)
        self.assertEqual(output["ExecutionArn"], told.execution_arn)
        self.assertEqual(told.status, "RUNNING")
        told.stop()

    def test_who_is_stopped_stops_what_it_waits_for(self):
        child = self.workflow(steps.Wait("Long", seconds=3600))
        parent = self.workflow(start_step("Run", child.state_machine_arn, "sync", {})).execute()
        told = self.only_execution(child)
        # The parent must know of it before it can stop it.
        wait_for(lambda: details_of(parent, "TaskSubmitted"), what="the start of the child")
        parent.stop(error="Enough", cause="changed my mind")
        self.assertEqual(self.error_of(parent, "ABORTED"), ("Enough", "changed my mind"))
        wait_for(lambda: told.describe()["status"] == "ABORTED", what="end of the child")


if __name__ == "__main__":
    unittest.main()
