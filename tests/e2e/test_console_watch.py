"""Streams of changes: what is told when, and when they end."""
import json
import time
import unittest

from console_api import ConsoleApi
from harness import Daemon, wait_for
from test_console_api import WithConsole

PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}


def read(identity, service, operation, **members):
    return {"id": identity, "service": service, "operation": operation, "input": members}


def told(identity, lines):
    """The answers to one read, in the order in which they came."""
    return [line for line in lines if line.get("id") == identity]


class Watching(WithConsole):
    def setUp(self):
        super().setUp()
        self.logged_in()

    def watch(self, *reads):
        stream = self.api.watch(*reads)
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, 200)
        self.assertEqual(stream.response.headers["Content-Type"], "application/x-ndjson")
        return stream

    def machine(self, name, definition):
        return self.api.call("states", "CreateStateMachine", name=name, roleArn=self.flow_role,
                             definition=json.dumps(definition)).json["stateMachineArn"]

    def test_an_execution_to_its_end(self):
        activity = self.api.call("states", "CreateActivity", name="watched").json["activityArn"]
        machine = self.machine("watched", {"StartAt": "Work", "States": {
            "Work": {"Type": "Task", "Resource": activity, "End": True}}})
        started = self.api.call("states", "StartExecution",
                                stateMachineArn=machine).json["executionArn"]
        stream = self.watch(
            read("execution", "states", "DescribeExecution", executionArn=started),
            read("history", "states", "GetExecutionHistory", executionArn=started),
            read("unconcerned", "iam", "GetRole", RoleName="JobRole"))
        stream.until(lambda lines: len({line["id"] for line in lines}) == 3)
        states = self.daemon.client("stepfunctions")
        states.send_task_success(taskToken=states.get_activity_task(
            activityArn=activity)["taskToken"], output="{}")
        stream.until(lambda lines: told("execution", lines)[-1]["output"]["status"] == "SUCCEEDED")
        stream.until(lambda lines: told("history", lines)[-1]["output"]["events"][-1]["type"]
                     == "ExecutionSucceeded")
        statuses = [line["output"]["status"] for line in told("execution", stream.lines)]
        self.assertEqual(statuses, ["RUNNING", "SUCCEEDED"])
        self.assertEqual(len(told("unconcerned", stream.lines)), 1)

    def test_a_denied_read_and_one_that_is_let_later(self):
        keys = self.user("watcher", {"Effect": "Allow", "Action": "states:ListActivities",
                                     "Resource": "*"})
        self.logged_in(**keys)
        stream = self.watch(read("open", "states", "ListActivities"),
                            read("closed", "states", "ListStateMachines"))
        stream.until(lambda lines: len(lines) == 2)
        self.assertIn("output", told("open", stream.lines)[0])
        error = told("closed", stream.lines)[0]["error"]
        self.assertEqual(error["__type"], "AccessDeniedException")
        self.assertIn("states:ListStateMachines", error["message"])
        self.iam.put_user_policy(UserName="watcher", PolicyName="own", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "states:List*", "Resource": "*"}]}))
        stream.until(lambda lines: "output" in told("closed", lines)[-1])

    def test_logs_that_are_followed(self):
        logs = self.daemon.client("logs")
        logs.create_log_group(logGroupName="/own")
        logs.create_log_stream(logGroupName="/own", logStreamName="s")

        def put(text):
            logs.put_log_events(logGroupName="/own", logStreamName="s", logEvents=[
                {"timestamp": int(time.time() * 1000), "message": text}])

        def messages(lines):
            return [event["message"] for line in lines if "output" in line
                    for event in line["output"]["events"]]
        put("one")
        stream = self.watch({**read("tail", "logs", "GetLogEvents", logGroupName="/own",
                                    logStreamName="s", startFromHead=True),
                             "follow": {"nextToken": "nextForwardToken"}})
        stream.until(lambda lines: messages(lines) == ["one"])
        for text in ("two", "three"):  # no commit tells of these
            put(text)
            stream.until(lambda lines, text=text: messages(lines)[-1:] == [text])
        self.assertEqual(messages(stream.lines), ["one", "two", "three"])

    def test_reads_that_cannot_be_watched(self):
        good = read("a", "states", "ListActivities")
        for reads, status in (([], 400), ([good] * 2, 400), ([{}], 400), ([{**good, "id": 1}], 400),
                              ([read("a", "states", "CreateActivity", name="x")], 400),
                              ([read("a", "s3", "GetObject", Bucket="b", Key="k")], 400),
                              ([read("a", "states", "None")], 404), ([read("a", "x", "y")], 404),
                              ([{**good, "id": str(i)} for i in range(65)], 400)):
            answer = self.api.post("watch", {"reads": reads})
            self.assertEqual(answer.status, status, answer.body)
        # What a read's own input is worth, its line says.
        stream = self.watch(read("bad", "states", "DescribeExecution", executionArn="no-arn"))
        self.assertEqual(stream.until(lambda lines: lines and lines[0])["error"]["__type"],
                         "InvalidArn")

    def test_a_stream_ends_with_its_session(self):
        stream = self.watch(read("a", "states", "ListActivities"))
        stream.until(lambda lines: lines)
        self.assertEqual(self.api.send("DELETE", "api/session").status, 200)
        stream.until_ended()

    def test_a_stream_ends_with_its_key(self):
        keys = self.user("watching-leaver")
        self.logged_in(**keys)
        stream = self.watch(read("a", "sts", "GetCallerIdentity"))
        stream.until(lambda lines: lines)
        self.iam.delete_access_key(UserName="watching-leaver", AccessKeyId=keys["accessKeyId"])
        stream.until_ended()


class Streams(unittest.TestCase):
    """Of a daemon of their own: what they count and end is all of it."""

    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)
        self.api = ConsoleApi(self.daemon)
        self.api.log_in()

    def stream(self):
        stream = self.api.watch(read("a", "sts", "GetCallerIdentity"))
        self.addCleanup(stream.close)
        return stream

    def test_there_are_so_many_and_no_more(self):
        def refused():
            answer = self.api.post("watch", {"reads": [read("a", "sts", "GetCallerIdentity")]})
            return (answer.status, answer.json["__type"]) == (429, "ThrottlingException")

        streams = []
        for user in ("one", "two", "three"):  # no key takes all places
            iam = self.daemon.client("iam")
            iam.create_user(UserName=user)
            key = iam.create_access_key(UserName=user)["AccessKey"]
            self.api.log_in(accessKeyId=key["AccessKeyId"], secretAccessKey=key["SecretAccessKey"])
            streams += [self.stream() for _ in range(min(24, 64 - len(streams)))]
            for stream in streams:
                stream.until(lambda lines: lines)
            self.assertTrue(refused())
        self.assertEqual(len(streams), 64)
        self.api.log_in()
        self.assertTrue(refused())
        for stream in streams:
            stream.close()
        wait_for(lambda: self.stream().status == 200, 20, "room, once clients are gone")

    def test_what_one_asks_for_is_bounded(self):
        wide = read("a", "sts", "GetCallerIdentity")
        wide["input"] = {"Wide": "x" * (256 << 10)}
        self.assertEqual(self.api.post("watch", {"reads": [wide]}).status, 413)

    def test_one_ends_with_the_daemon(self):
        stream = self.stream()
        stream.until(lambda lines: lines)
        self.assertEqual(self.daemon.terminate(), 0)
        stream.until_ended()
        self.assertFalse(stream.cut_off)


del WithConsole  # its tests are elsewhere


if __name__ == "__main__":
    unittest.main(verbosity=2)
