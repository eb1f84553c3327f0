"""Step Functions' API by its clients: versions and aliases, activities with workers that come and go,
task tokens, redrives, validation, tags."""
import json
import random
import socket
import threading
import time
import unittest

import botocore.exceptions

from harness import WithRoles, wait_for
from raw import request_for, sign

PASS = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})


def waiting(seconds):
    return json.dumps({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": seconds, "End": True}}})


def working(activity, **more):
    return json.dumps({"StartAt": "Before", "States": {
        "Before": {"Type": "Pass", "Next": "Work"},
        "Work": {"Type": "Task", "Resource": activity, "End": True, **more}}})


class StatesApi(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = cls.daemon.client("stepfunctions")

    def machine(self, name, definition, **more):
        return self.states.create_state_machine(name=name, definition=definition,
                                                roleArn=self.flow_role, **more)["stateMachineArn"]

    def ended(self, execution):
        def look():
            found = self.states.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None
        return wait_for(look, what=f"end of {execution}")

    def types(self, execution):
        events = self.states.get_execution_history(executionArn=execution)["events"]
        self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
        return [event["type"] for event in events]

    def refused(self, code, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        return caught.exception.response


class Versions(StatesApi):
    def test_by_the_command_line(self):
        def run(*arguments):
            return json.loads(self.daemon.cli("stepfunctions", *arguments) or "null")
        made = run("create-state-machine", "--name", "by-cli", "--definition", waiting(1),
                   "--role-arn", self.flow_role, "--publish", "--version-description", "first")
        arn = made["stateMachineArn"]
        self.assertEqual(made["stateMachineVersionArn"], arn + ":1")
        made = run("update-state-machine", "--state-machine-arn", arn, "--definition", PASS,
                   "--publish")
        self.assertEqual(made["stateMachineVersionArn"], arn + ":2")
        described = run("describe-state-machine", "--state-machine-arn", arn + ":1")
        self.assertEqual((described["definition"], described["description"]),
                         (waiting(1), "first"))
        alias = run("create-state-machine-alias", "--name", "PROD", "--routing-configuration",
                    f"stateMachineVersionArn={arn}:1,weight=0",
                    f"stateMachineVersionArn={arn}:2,weight=100")["stateMachineAliasArn"]
        started = run("start-execution", "--state-machine-arn", alias)["executionArn"]
        found = self.ended(started)
        self.assertEqual(found["stateMachineAliasArn"], alias)
        self.assertEqual(found["stateMachineVersionArn"], arn + ":2")
        listed = run("list-executions", "--state-machine-arn", alias)["executions"]
        self.assertEqual([one["executionArn"] for one in listed], [started])
        run("update-state-machine-alias", "--state-machine-alias-arn", alias, "--description",
            "live", "--routing-configuration", f"stateMachineVersionArn={arn}:2,weight=100")
        self.assertEqual(run("describe-state-machine-alias", "--state-machine-alias-arn",
                             alias)["description"], "live")
        run("delete-state-machine-version", "--state-machine-version-arn", arn + ":1")
        versions = run("list-state-machine-versions", "--state-machine-arn", arn)
        self.assertEqual([one["stateMachineVersionArn"]
                          for one in versions["stateMachineVersions"]], [arn + ":2"])
        run("delete-state-machine-alias", "--state-machine-alias-arn", alias)
        self.assertEqual(run("list-state-machine-aliases", "--state-machine-arn",
                             arn)["stateMachineAliases"], [])

    def test_errors_say_what_was_wrong(self):
        arn = self.machine("routes", PASS, publish=True)
        found = self.refused(
            "ValidationException", self.states.create_state_machine_alias, name="A",
            routingConfiguration=[{"stateMachineVersionArn": arn + ":1", "weight": 50}])
        self.assertEqual(found["reason"], "INVALID_ROUTING_CONFIGURATION")
        found = self.refused("ValidationException", self.states.start_execution,
                             stateMachineArn=arn + "/Label")
        self.assertEqual(found["reason"], "API_DOES_NOT_SUPPORT_LABELED_ARNS")
        # The model's own rule: a number is no alias's name.
        self.refused("ValidationException", self.states.create_state_machine_alias, name="7",
                     routingConfiguration=[{"stateMachineVersionArn": arn + ":1", "weight": 100}])
        found = self.refused("ResourceNotFound", self.states.describe_state_machine_alias,
                             stateMachineAliasArn=arn + ":NONE")
        self.assertEqual(found["resourceName"], arn + ":NONE")
        self.refused("ConflictException", self.states.publish_state_machine_version,
                     stateMachineArn=arn, revisionId="other")

    def test_a_policy_may_name_the_qualifier(self):
        arn = self.machine("guarded", PASS, publish=True)
        self.states.create_state_machine_alias(name="PROD", routingConfiguration=[
            {"stateMachineVersionArn": arn + ":1", "weight": 100}])
        iam = self.daemon.client("iam")
        iam.create_user(UserName="caller")
        keys = iam.create_access_key(UserName="caller")["AccessKey"]
        iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "states:StartExecution", "Resource": arn,
                "Condition": {"StringEquals": {"states:StateMachineQualifier": "PROD"}}}}))
        caller = self.daemon.client("stepfunctions", keys["AccessKeyId"], keys["SecretAccessKey"])
        caller.start_execution(stateMachineArn=arn + ":PROD")
        for other in (arn, arn + ":1"):
            self.refused("AccessDeniedException", caller.start_execution, stateMachineArn=other)


class Worker(threading.Thread):
    """Takes tasks of an activity and doubles their numbers until it is told to stop."""

    def __init__(self, test, activity, name):
        super().__init__(daemon=True)
        self.states = test.daemon.client("stepfunctions")
        self.activity, self.worker, self.done = activity, name, []

    def run(self):
        while True:
            task = self.states.get_activity_task(activityArn=self.activity,
                                                 workerName=self.worker)
            number = json.loads(task["input"])
            if number is None:
                self.states.send_task_success(taskToken=task["taskToken"], output="null")
                return
            self.states.send_task_heartbeat(taskToken=task["taskToken"])
            self.states.send_task_success(taskToken=task["taskToken"],
                                          output=json.dumps(2 * number))
            self.done.append(number)


class Activities(StatesApi):
    def activity(self, name):
        return self.states.create_activity(name=name)["activityArn"]

    def test_workers_share_the_tasks(self):
        activity = self.activity("doubling")
        machine = self.machine("doubling", working(activity, HeartbeatSeconds=60))
        workers = [Worker(self, activity, f"worker-{i}") for i in range(3)]
        for worker in workers:
            worker.start()
        executions = [self.states.start_execution(stateMachineArn=machine, input=str(i))
                      for i in range(30)]
        for number, started in enumerate(executions):
            found = self.ended(started["executionArn"])
            self.assertEqual((found["status"], found["output"]), ("SUCCEEDED", str(2 * number)))
        self.assertEqual(
            self.types(executions[0]["executionArn"]),
            ["ExecutionStarted", "PassStateEntered", "PassStateExited", "TaskStateEntered",
             "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited",
             "ExecutionSucceeded"])
        for _ in workers:
            self.states.start_execution(stateMachineArn=machine, input="null")
        for worker in workers:
            worker.join(60)
            self.assertFalse(worker.is_alive())
        self.assertEqual(sorted(sum((worker.done for worker in workers), [])), list(range(30)))

    def test_a_worker_that_has_gone_gets_nothing(self):
        activity = self.activity("lonely")
        machine = self.machine("lonely", working(activity))
        # One that asks, and ends its connection while it waits.
        body = json.dumps({"activityArn": activity}).encode()
        request = sign("states", request_for(self.daemon.url, "states", "GetActivityTask",
                                             body=body), self.daemon.key, self.daemon.secret)
        host, port = self.daemon.url.removeprefix("http://").split(":")
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        with socket.create_connection((host, int(port))) as gone:
            gone.sendall((f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}"
                          f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
            time.sleep(0.2)  # so that it likely waits already; the outcome is the same if not
        started = self.states.start_execution(stateMachineArn=machine, input="21")["executionArn"]
        task = self.states.get_activity_task(activityArn=activity, workerName="next")
        self.states.send_task_success(taskToken=task["taskToken"], output="42")
        self.assertEqual(self.ended(started)["output"], "42")

    def test_tokens(self):
        activity = self.activity("tokens")
        machine = self.machine("tokens", working(activity))
        started = self.states.start_execution(stateMachineArn=machine)["executionArn"]
        token = self.states.get_activity_task(activityArn=activity)["taskToken"]
        self.refused("InvalidToken", self.states.send_task_success, taskToken="x", output="{}")
        self.refused("InvalidOutput", self.states.send_task_success, taskToken=token, output="{")
        self.states.send_task_failure(taskToken=token, error="Mine", cause="because")
        found = self.ended(started)
        self.assertEqual((found["error"], found["cause"]), ("Mine", "because"))
        self.refused("TaskTimedOut", self.states.send_task_heartbeat, taskToken=token)
        self.refused("ActivityDoesNotExist", self.states.get_activity_task,
                     activityArn=activity + "x")

    def test_figures_stay_what_they_were(self):
        """To their last digit, through states that read them and a store that keeps them."""
        figures = [random.Random(seed).random() * 10 ** (seed % 40 - 20) for seed in range(200)]
        machine = self.machine("figures", json.dumps({"StartAt": "Take", "States": {
            "Take": {"Type": "Pass", "Parameters": {"taken.$": "$.figures"}, "Next": "Rest"},
            "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Give"},
            "Give": {"Type": "Pass", "Parameters": {"given.$": "$.taken"}, "End": True}}}))
        execution = self.states.start_execution(
            stateMachineArn=machine, input=json.dumps({"figures": figures}))["executionArn"]
        self.assertEqual(json.loads(self.ended(execution)["output"])["given"], figures)

    def test_redrive(self):
        activity = self.activity("redriven")
        machine = self.machine("redriven", working(activity))
        started = self.states.start_execution(stateMachineArn=machine)["executionArn"]
        token = self.states.get_activity_task(activityArn=activity)["taskToken"]
        self.states.send_task_failure(taskToken=token)
        self.assertEqual(self.ended(started)["redriveStatus"], "REDRIVABLE")
        self.daemon.cli("stepfunctions", "redrive-execution", "--execution-arn", started)
        self.refused("ExecutionNotRedrivable", self.states.redrive_execution,
                     executionArn=started)
        token = self.states.get_activity_task(activityArn=activity)["taskToken"]
        self.states.send_task_success(taskToken=token, output='"well"')
        found = self.ended(started)
        self.assertEqual((found["output"], found["redriveCount"]), ('"well"', 1))
        listed = self.states.list_executions(stateMachineArn=machine, redriveFilter="REDRIVEN")
        self.assertEqual([one["redriveCount"] for one in listed["executions"]], [1])

    def test_tags(self):
        activity = self.states.create_activity(name="tagged", tags=[
            {"key": "a", "value": "1"}])["activityArn"]
        self.states.tag_resource(resourceArn=activity, tags=[{"key": "b", "value": "2"}])
        self.states.untag_resource(resourceArn=activity, tagKeys=["a"])
        self.assertEqual(self.states.list_tags_for_resource(resourceArn=activity)["tags"],
                         [{"key": "b", "value": "2"}])
        self.refused("TooManyTags", self.states.tag_resource, resourceArn=activity, tags=[
            {"key": str(i), "value": ""} for i in range(50)])
        self.refused("ResourceNotFound", self.states.list_tags_for_resource,
                     resourceArn=activity + "x")
        self.assertIn(activity, [one["activityArn"]
                                 for one in self.states.list_activities()["activities"]])
        self.states.delete_activity(activityArn=activity)
        self.refused("ActivityDoesNotExist", self.states.describe_activity, activityArn=activity)


class Validation(StatesApi):
    def test_says_what_creating_would(self):
        broken = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "X"}}})
        found = self.states.validate_state_machine_definition(definition=broken)
        self.assertEqual(found["result"], "FAIL")
        text = self.refused("InvalidDefinition", self.states.create_state_machine, name="broken",
                            definition=broken, roleArn=self.flow_role)["Error"]["Message"]
        for one in found["diagnostics"]:
            self.assertEqual(one["severity"], "ERROR")
            self.assertIn(f"{one['code']}: {one['message']}", text)
        found = self.states.validate_state_machine_definition(definition=PASS)
        self.assertEqual((found["result"], found["diagnostics"], found["truncated"]),
                         ("OK", [], False))

    def test_warnings_by_the_command_line(self):
        odd = json.dumps({"StartAt": "P", "States": {"P": {
            "Type": "Pass", "Parameters": {"a": "$.b"}, "End": True}}})
        out = json.loads(self.daemon.cli("stepfunctions", "validate-state-machine-definition",
                                         "--definition", odd, "--severity", "WARNING"))
        self.assertEqual(out["result"], "OK")
        self.assertEqual([(one["severity"], one["code"], one["location"])
                          for one in out["diagnostics"]],
                         [("WARNING", "NO_DOLLAR", "/States/P/Parameters")])


class Crash(StatesApi):
    def test_a_task_that_was_handed_out_but_not_answered(self):
        activity = self.states.create_activity(name="crash")["activityArn"]
        machine = self.machine("crash", working(activity))
        started = self.states.start_execution(stateMachineArn=machine, input="1")["executionArn"]
        self.daemon.terminate()
        self.daemon.start({"TRAINYARD_CRASH_AT": "states.activity:1"})
        states = self.daemon.client("stepfunctions")
        with self.assertRaises(botocore.exceptions.BotoCoreError):
            states.get_activity_task(activityArn=activity)
        self.daemon.process.wait(30)
        self.daemon.revive()
        type(self).states = self.daemon.client("stepfunctions")
        task = self.states.get_activity_task(activityArn=activity)
        self.daemon.kill()
        self.daemon.revive()
        type(self).states = self.daemon.client("stepfunctions")
        self.states.send_task_success(taskToken=task["taskToken"], output="2")
        self.assertEqual(self.ended(started)["output"], "2")
        self.assertEqual(self.types(started).count("ActivityStarted"), 1)


if __name__ == "__main__":
    unittest.main()
