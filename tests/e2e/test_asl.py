"""`trainyard asl run --endpoint`: the tasks of a definition done for real, as whoever runs it."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from harness import BIN, REGION, WithRoles, source_archive, training_request, wait_for

SDK = "arn:aws:states:::aws-sdk:"


def flow(**states):
    """A definition of states that follow one another."""
    names = list(states)
    for name, following in zip(names, names[1:]):
        states[name].setdefault("Next", following)
    states[names[-1]]["End"] = True
    return {"StartAt": names[0], "States": states}


def task(resource, parameters, **fields):
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, **fields}


class AslRun(WithRoles):
    def command(self, definition, *arguments, key=None, secret=None):
        file = pathlib.Path(self.folder, "flow.asl.json")
        file.write_text(json.dumps(definition))
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_")}
        environment.update(AWS_ACCESS_KEY_ID=key or self.daemon.key,
                           AWS_SECRET_ACCESS_KEY=secret or self.daemon.secret, AWS_REGION=REGION)
        return subprocess.Popen(
            [BIN / "trainyard", "asl", "run", file, "--endpoint", self.daemon.url, *arguments],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_flow(self, definition, *arguments, **keys):
        """Exit code, output, and what was said."""
        process = self.command(definition, *arguments, **keys)
        out, err = process.communicate(timeout=60)
        return process.returncode, json.loads(out) if out else None, err

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.states = self.daemon.client("stepfunctions")

    def machine(self, name, definition):
        return self.states.create_state_machine(
            name=name, roleArn=self.flow_role,
            definition=json.dumps(definition))["stateMachineArn"]

    def test_calls_of_the_sdk_reach_the_daemon_and_come_back(self):
        self.daemon.client("s3").create_bucket(Bucket="notes")
        code, output, err = self.run_flow(flow(
            Put=task(SDK + "s3:putObject", {"Bucket": "notes", "Key": "a.json",
                                            "Body": {"n.$": "$.n"}}, ResultPath=None),
            Get=task(SDK + "s3:getObject", {"Bucket": "notes", "Key": "a.json"},
                     ResultSelector={"body.$": "States.StringToJson($.Body)"})),
            "--input", '{"n": 7}')
        self.assertEqual(code, 0, err)
        self.assertEqual(output, {"body": {"n": 7}})
        body = self.daemon.client("s3").get_object(Bucket="notes", Key="a.json")["Body"].read()
        self.assertEqual(json.loads(body), {"n": 7})

    def test_errors_have_the_names_that_workflows_catch(self):
        code, output, err = self.run_flow(flow(Get=task(
            SDK + "s3:getObject", {"Bucket": "nowhere", "Key": "k"},
            Catch=[{"ErrorEquals": ["S3.NoSuchBucketException"], "Next": "Caught"}]),
            Caught={"Type": "Pass"}))
        self.assertEqual(code, 0, err)
        self.assertEqual(output["Error"], "S3.NoSuchBucketException")

    def test_it_is_the_caller_who_may_or_may_not(self):
        iam = self.daemon.client("iam")
        iam.create_user(UserName="nobody")
        keys = iam.create_access_key(UserName="nobody")["AccessKey"]
        code, _, err = self.run_flow(
            flow(List=task(SDK + "sagemaker:listModels", {})),
            key=keys["AccessKeyId"], secret=keys["SecretAccessKey"])
        self.assertEqual(code, 1)
        self.assertRegex(err, "user/nobody is not authorized to perform: sagemaker:ListModels")

    def test_nested_executions_are_waited_for(self):
        nested = self.machine("nested", {"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 1, "Next": "P"},
            "P": {"Type": "Pass", "Parameters": {"doubled.$": "States.MathAdd($.n, $.n)"},
                  "End": True}}})
        code, output, err = self.run_flow(flow(Nest=task(
            "arn:aws:states:::states:startExecution.sync:2",
            {"StateMachineArn": nested, "Input": {"n.$": "$.n"}})), "--input", '{"n": 21}')
        self.assertEqual(code, 0, err)
        self.assertEqual(output["Output"], {"doubled": 42})
        self.assertEqual(output["Status"], "SUCCEEDED")

    def test_interrupted_it_stops_what_it_has_begun(self):
        slow = self.machine("slow", flow(W={"Type": "Wait", "Seconds": 3600}))
        process = self.command(flow(Nest=task(
            "arn:aws:states:::states:startExecution.sync", {"StateMachineArn": slow})))

        def executions():
            return self.states.list_executions(stateMachineArn=slow)["executions"]
        wait_for(executions, 30, "the nested execution")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (1, ""), err)
        self.assertIn("ABORTED", err)
        self.assertEqual(executions()[0]["status"], "ABORTED")

    def test_a_training_job_really_trains(self):
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket="asl-run")
        s3.put_object(Bucket="asl-run", Key="code/sourcedir.tar.gz", Body=source_archive(
            {"train.sh": ("#!/bin/sh\necho trained > /opt/ml/model/weights\n", 0o755)}))
        request = training_request("asl-run-job", self.job_role, "asl-run")
        code, output, err = self.run_flow(flow(Train=task(
            "arn:aws:states:::sagemaker:createTrainingJob.sync", request)))
        self.assertEqual(code, 0, err)
        self.assertEqual(output["TrainingJobStatus"], "Completed")
        self.assertIn("asl-run-job", output["ModelArtifacts"]["S3ModelArtifacts"])
        self.assertEqual(output["Tags"]["MANAGED_BY_AWS"], "STARTED_BY_STEP_FUNCTIONS")

    def test_what_only_a_daemon_does_is_refused_by_name(self):
        code, _, err = self.run_flow(flow(Ask=task(
            "arn:aws:states:::states:startExecution.waitForTaskToken",
            {"StateMachineArn": "arn:x", "Input": {"t.$": "$$.Task.Token"}})))
        self.assertEqual(code, 1)
        self.assertIn("state 'Ask'", err)
        self.assertIn("--mock FILE", err)


if __name__ == "__main__":
    unittest.main()
