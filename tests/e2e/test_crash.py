"""The daemon is ended with SIGKILL at every named point of a pipeline run, at the first and the last
passage of each; started again, the run must end as the undisturbed one does."""
import collections
import json
import os
import pathlib
import re
import sys
import time
import unittest

from harness import Daemon, make_roles, tutorial_definition, tutorial_input, upload_code

# Points that a pipeline run must pass: one that disappears from the run fails the test.
REQUIRED = {"store.commit", "store.committed", "blob.rename", "perform.states.task",
            "perform.events.put", "perform.states.event", "perform.compute.submit",
            "attempt.folder", "performed.compute.submit", "perform.compute.forget", "performed.compute.forget"}
RUN_SECONDS_MAX = 60


def masked(value):
    """Times and request ids out of an output or an event."""
    text = json.dumps(value, sort_keys=True, default=str)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "REQUEST-ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.0-9]*(\+00:00|Z)?", "TIME", text)
    text = re.sub(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "TIME", text)
    text = re.sub(r"\b1[0-9]{12}\b", "MILLIS", text)
    text = re.sub(r'(\\*"(TrainingTimeInSeconds|BillableTimeInSeconds)\\*": ?)\d+', r"\1N", text)
    return text


class Run:
    """One pipeline run in a data folder of its own, through at most one crash."""

    def __init__(self, crash_at=None, log=None):
        self.daemon = Daemon()
        self.crash_at, self.log = crash_at, log
        self.restarts = 0

    def attempt(self, action):
        """Repeats an idempotent request; when the daemon was killed, starts it again first."""
        deadline = time.monotonic() + RUN_SECONDS_MAX
        while True:
            self.restarts += self.daemon.revive()
            try:
                return action()
            except Exception as error:  # the connection broke, or the daemon is just going
                code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code", "")
                if code in ("EntityAlreadyExists", "BucketAlreadyOwnedByYou",
                            "StateMachineAlreadyExists", "ExecutionAlreadyExists"):
                    return None
                if time.monotonic() > deadline or code and "Exception" in code:
                    raise
                time.sleep(0.05)

    def go(self):
        # The set-up runs undisturbed: the points counted are those of the pipeline's run.
        daemon = self.daemon.start()
        job_role, flow_role = make_roles(daemon)
        upload_code(daemon, "code-bucket")
        machine = daemon.client("stepfunctions").create_state_machine(
            name="flow", roleArn=flow_role,
            definition=json.dumps(tutorial_definition()))["stateMachineArn"]
        daemon.terminate()
        environment = {}
        if self.crash_at:
            environment["TRAINYARD_CRASH_AT"] = self.crash_at
        if self.log:
            environment["TRAINYARD_POINTS_LOG"] = str(self.log)
        try:
            daemon.start(environment)
        except AssertionError:
            pass  # it crashed while starting; the next attempt starts it without the fault
        request = json.dumps(tutorial_input("run", job_role, "code-bucket", instances=1))
        arn = machine.replace(":stateMachine:", ":execution:") + ":run"
        self.attempt(lambda: daemon.client("stepfunctions").start_execution(
            stateMachineArn=machine, name="run", input=request))
        return self.outcome(arn)

    def outcome(self, arn):
        deadline = time.monotonic() + RUN_SECONDS_MAX

        def both_ended():
            status = self.daemon.client("stepfunctions").describe_execution(
                executionArn=arn)
            if status["status"] == "RUNNING":
                return None
            if status["status"] != "SUCCEEDED":
                return status, None
            endpoint = self.daemon.client("sagemaker").describe_endpoint(EndpointName="run")
            return (status, endpoint) if endpoint["EndpointStatus"] != "Creating" else None

        result = None
        while result is None:
            result = self.attempt(both_ended)
            if time.monotonic() > deadline:
                raise AssertionError("the run did not end: " + self.daemon.tail())
            time.sleep(0.05)
        time.sleep(0.1)
        status, endpoint = result
        history = self.attempt(lambda: self.daemon.client(
            "stepfunctions").get_execution_history(executionArn=arn))["events"]
        jobs = self.attempt(lambda: self.daemon.client(
            "sagemaker").list_training_jobs())["TrainingJobSummaries"]
        return {
            "status": status["status"], "output": masked(json.loads(status.get("output", "null"))),
            "endpoint": endpoint and endpoint["EndpointStatus"],
            "jobs": [(job["TrainingJobName"], job["TrainingJobStatus"]) for job in jobs],
            "ids": [event["id"] for event in history],
            "history": [masked({k: v for k, v in event.items() if k != "timestamp"})
                        for event in history]}


class Crash(unittest.TestCase):
    maxDiff = 4000

    def test_every_point_first_and_last(self):
        log = pathlib.Path(os.environ.get("TMPDIR", "/tmp"), f"points-{os.getpid()}.log")
        self.addCleanup(log.unlink, missing_ok=True)
        calm = Run(log=log)
        self.addCleanup(calm.daemon.close)
        expected = calm.go()
        calm.daemon.terminate()
        self.assertEqual(expected["status"], "SUCCEEDED")
        self.assertEqual(expected["ids"], list(range(1, len(expected["ids"]) + 1)))
        self.assertEqual(len(expected["jobs"]), 1)
        passages = collections.Counter(log.read_text().split())
        self.assertLessEqual(REQUIRED, set(passages), "points that no run passes")
        hit = 0
        for name, count in sorted(passages.items()):
            for passage in sorted({1, count}):
                with self.subTest(f"{name}:{passage}"):
                    run = Run(crash_at=f"{name}:{passage}")
                    try:
                        self.assertEqual(run.go(), expected)
                        # The last passage may lie after the outcome: then ending crashes it.
                        if run.restarts == 0 and passage == 1:
                            self.fail("the point was not passed")
                        hit += run.restarts
                    finally:
                        run.daemon.close()
            print(f"point {name} passed {count} times, crashed at {sorted({1, count})}",
                  file=sys.stderr, flush=True)
        print(f"points covered: {len(passages)}, crashes: {hit}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
