"""The whole path with real clients: S3 both ways, the tutorial's pipeline, logs, invoke, delete."""
import hashlib
import http.client
import json
import os
import pathlib
import random
import socket
import tempfile
import time
import unittest
import uuid

from harness import (ACCOUNT, Daemon, WithRoles, finished, logs_of, make_roles,
                     tutorial_definition, tutorial_input, upload_code, wait_for)

MEBIBYTE = 1 << 20


class Pipeline(WithRoles):
    def test_caller_identity(self):
        identity = json.loads(self.daemon.cli("sts", "get-caller-identity"))
        self.assertEqual(identity["Account"], ACCOUNT)
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{ACCOUNT}:root")

    def test_s3_copy_of_60_megabytes_both_ways(self):
        with tempfile.TemporaryDirectory() as folder:
            there, back = pathlib.Path(folder, "there"), pathlib.Path(folder, "back")
            there.write_bytes(random.Random(7).randbytes(60 * MEBIBYTE))
            self.daemon.cli("s3", "mb", "s3://big-bucket")
            self.daemon.cli("s3", "cp", "--quiet", there, "s3://big-bucket/a/file")
            self.daemon.cli("s3", "cp", "--quiet", "s3://big-bucket/a/file", back)
            self.assertEqual(hashlib.sha256(there.read_bytes()).hexdigest(),
                             hashlib.sha256(back.read_bytes()).hexdigest())
            self.assertIn("62914560", self.daemon.cli("s3", "ls", "s3://big-bucket/a/"))
            s3, again = self.daemon.client("s3"), pathlib.Path(folder, "again")
            s3.upload_file(str(there), "big-bucket", "b/file")
            s3.download_file("big-bucket", "b/file", str(again))
            self.assertEqual(again.read_bytes(), there.read_bytes())
            self.daemon.cli("s3", "rb", "--force", "s3://big-bucket")

    def test_training_pipeline_to_predictions_and_away(self):
        daemon, name, bucket = self.daemon, "pipeline-1", "pipeline-bucket"
        upload_code(daemon, bucket)
        states, sagemaker = daemon.client("stepfunctions"), daemon.client("sagemaker")
        machine = json.loads(daemon.cli(
            "stepfunctions", "create-state-machine", "--name", "flow", "--role-arn",
            self.flow_role, "--definition", json.dumps(tutorial_definition())))["stateMachineArn"]
        execution = json.loads(daemon.cli(
            "stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", name,
            "--input", json.dumps(tutorial_input(name, self.job_role, bucket))))["executionArn"]
        self.assertEqual(execution,
                         f"arn:aws:states:us-east-1:{ACCOUNT}:execution:flow:{name}")

        def ended():
            description = states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None
        description = wait_for(ended, 60, "end of the execution")
        self.assertEqual(description["status"], "SUCCEEDED", description)
        self.assertIn("EndpointArn", json.loads(description["output"]))
        told = json.loads(daemon.cli("stepfunctions", "describe-execution", "--execution-arn",
                                     execution))
        self.assertEqual((told["status"], told["output"]),
                         (description["status"], description["output"]))
        self.check_history(execution)
        self.check_job(f"estimator-{name}", bucket)

        def in_service():
            endpoint = sagemaker.describe_endpoint(EndpointName=name)
            self.assertIn(endpoint["EndpointStatus"], ("Creating", "InService"), endpoint)
            return endpoint if endpoint["EndpointStatus"] == "InService" else None
        endpoint = wait_for(in_service, 60, "endpoint in service")
        self.assertEqual(endpoint["ProductionVariants"][0]["CurrentInstanceCount"], 2)
        self.check_invoke(name)
        self.delete_everything(name, machine)

    def test_intrinsic_functions(self):
        states = self.daemon.client("stepfunctions")

        def define(**parameters):
            return json.dumps({"StartAt": "P", "States": {"P": {
                "Type": "Pass", "End": True, "Parameters": parameters}}})
        machine = states.create_state_machine(
            name="intrinsics", roleArn=self.flow_role, definition=define(**{
                "path.$": "States.Format('s3://{}/{}', $.bucket, $$.Execution.Name)",
                "size.$": "States.ArrayLength(States.StringSplit($.list, ','))",
                "id.$": "States.UUID()"}))["stateMachineArn"]
        execution = states.start_execution(
            stateMachineArn=machine, name="one",
            input=json.dumps({"bucket": "b", "list": "x,y,z"}))["executionArn"]
        ended = states.describe_execution(executionArn=execution)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        output = json.loads(ended["output"])
        self.assertEqual(uuid.UUID(output.pop("id")).version, 4)
        self.assertEqual(output, {"path": "s3://b/one", "size": 3})
        with self.assertRaises(states.exceptions.InvalidDefinition) as caught:
            states.create_state_machine(name="bad", roleArn=self.flow_role,
                                        definition=define(**{"a.$": "States.Nope($.b)"}))
        self.assertIn("must be a valid JSONPath or a valid intrinsic function call at "
                      "/States/P/Parameters", str(caught.exception))
        states.delete_state_machine(stateMachineArn=machine)

    def check_history(self, execution):
        history = json.loads(self.daemon.cli("stepfunctions", "get-execution-history",
                                             "--execution-arn", execution))["events"]
        task = ["TaskStateEntered", "TaskScheduled", "TaskStarted"]
        expected = (["ExecutionStarted"] + task + ["TaskSubmitted"] +
                    3 * (["TaskSucceeded", "TaskStateExited"] + task) +
                    ["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"])
        self.assertEqual([event["type"] for event in history], expected)
        self.assertEqual([event["id"] for event in history], list(range(1, len(history) + 1)))
        self.assertEqual([event["previousEventId"] for event in history[:3]], [0, 0, 2])

    def check_job(self, job, bucket):
        description = json.loads(self.daemon.cli(
            "sagemaker", "describe-training-job", "--training-job-name", job))
        self.assertEqual(description["TrainingJobStatus"], "Completed")
        self.assertEqual(description["ModelArtifacts"]["S3ModelArtifacts"],
                         f"s3://{bucket}/models/{job}/output/model.tar.gz")
        self.assertEqual([t["Status"] for t in description["SecondaryStatusTransitions"]],
                         ["Starting", "Downloading", "Training", "Uploading", "Completed"])
        keys = [item["Key"] for item in self.daemon.client("s3").list_objects_v2(
            Bucket=bucket, Prefix=f"models/{job}/")["Contents"]]
        self.assertEqual(keys, [f"models/{job}/output/model.tar.gz",
                                f"models/{job}/output/output.tar.gz"])
        lines = logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", job + "/")
        self.assertEqual(len(lines), 2, list(lines))
        text = "\n".join(line for stream in lines.values() for line in stream)
        self.assertIn("host algo-1 of [\"algo-1\",\"algo-2\"] args --backend gloo --epochs 6", text)
        self.assertIn("host algo-2", text)
        stream = sorted(lines)[0]
        got = json.loads(self.daemon.cli("logs", "get-log-events", "--log-group-name",
                                         "/aws/sagemaker/TrainingJobs", "--log-stream-name", stream,
                                         "--start-from-head"))
        self.assertEqual([event["message"] for event in got["events"]], lines[stream])

    def check_invoke(self, endpoint):
        with tempfile.TemporaryDirectory() as folder:
            answer = pathlib.Path(folder, "answer")
            body = pathlib.Path(folder, "body")
            body.write_text("[[1, 2]]")
            self.daemon.cli("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint,
                            "--content-type", "application/json", "--accept", "application/json",
                            "--body", f"fileb://{body}", answer)
            self.assertEqual(json.loads(answer.read_text()), [[1.0, 2.0]])
        runtime = self.daemon.client("sagemaker-runtime")
        with self.assertRaises(runtime.exceptions.ModelError) as caught:
            runtime.invoke_endpoint(EndpointName=endpoint, Body=b"{",
                                    ContentType="application/json")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 424)
        self.assertEqual(caught.exception.response["OriginalStatusCode"], 400)

    def delete_everything(self, name, machine):
        daemon = self.daemon
        for kind, member in (("endpoint-config", "endpoint-config-name"),
                             ("endpoint", "endpoint-name"), ("model", "model-name")):
            daemon.cli("sagemaker", f"delete-{kind}", f"--{member}", name)
        daemon.cli("stepfunctions", "delete-state-machine", "--state-machine-arn", machine)
        daemon.cli("s3", "rb", "--force", "s3://pipeline-bucket")
        for policy in ("AmazonSageMakerFullAccess", "AmazonS3FullAccess"):
            daemon.cli("iam", "detach-role-policy", "--role-name", "JobRole", "--policy-arn",
                       f"arn:aws:iam::aws:policy/{policy}")
        daemon.cli("iam", "delete-role-policy", "--role-name", "FlowRole", "--policy-name", "flow")
        for role in ("JobRole", "FlowRole"):
            daemon.cli("iam", "delete-role", "--role-name", role)

        sagemaker = daemon.client("sagemaker")
        wait_for(lambda: not sagemaker.list_endpoints()["Endpoints"], 60, "endpoint gone")
        attempts = daemon.data / "attempts"
        wait_for(lambda: not attempts.exists() or not os.listdir(attempts), 60,
                 "attempt folders gone")
        # Only now does no instance write into them any more.
        for group in ("TrainingJobs", f"Endpoints/{name}"):
            daemon.cli("logs", "delete-log-group", "--log-group-name", "/aws/sagemaker/" + group)
        for service, operation, member in (
                ("sagemaker", "list_endpoint_configs", "EndpointConfigs"),
                ("sagemaker", "list_models", "Models"), ("iam", "list_roles", "Roles"),
                ("stepfunctions", "list_state_machines", "stateMachines"),
                ("logs", "describe_log_groups", "logGroups"), ("s3", "list_buckets", "Buckets")):
            with self.subTest(operation):
                self.assertEqual(getattr(daemon.client(service), operation)()[member], [])


class AgentsOutliveTheDaemon(unittest.TestCase):
    def test_a_job_runs_on_while_the_daemon_is_replaced(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        job_role, _ = make_roles(daemon)
        upload_code(daemon, "code-bucket")
        request = tutorial_input("x", job_role, "code-bucket", instances=1)["Training"]
        request["Environment"] = {"TRAIN_SECONDS": "4"}
        daemon.client("sagemaker").create_training_job(**request)

        def training():
            return daemon.client("sagemaker").describe_training_job(
                TrainingJobName="estimator-x")["SecondaryStatus"] == "Training"
        wait_for(training, 30, "job in training")
        stream = self.put_between(daemon, "estimator-x/")
        self.assertEqual(daemon.terminate(), 0)
        daemon.start()
        self.assertEqual(finished(daemon, "estimator-x")["TrainingJobStatus"], "Completed")
        lines = logs_of(daemon, "/aws/sagemaker/TrainingJobs", "estimator-x/")[stream]
        self.assertEqual(lines.count("between"), 5)
        self.assertIn("Train Epoch: 1 Loss: 0.25", lines)

    def put_between(self, daemon, prefix):
        """Five lines of a client's into the job's only stream, and none that its agent's token
        would put elsewhere; returns the stream's name."""
        group = "/aws/sagemaker/TrainingJobs"
        plan = json.loads(next((daemon.data / "attempts").glob("*/plan.json")).read_text())
        stream = plan["log_streams"]["algo-1"]

        def begun():
            try:
                return logs_of(daemon, group, prefix).get(stream)
            except daemon.client("logs").exceptions.ResourceNotFoundException:
                return None  # the group comes with the first line
        wait_for(begun, 30, "first line")
        now = int(time.time() * 1000)
        daemon.client("logs").put_log_events(
            logGroupName=group, logStreamName=stream,
            logEvents=[{"timestamp": now, "message": "between"}] * 5)
        body = json.dumps({"group": group, "stream": stream + "0", "first": 0, "events": [
            {"timestamp": now, "message": "forged"}]})
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.sock.connect(str(daemon.data / "run" / "agents.sock"))
        connection.request("POST", f"/v1/attempts/{plan['attempt']}/logs", body,
                           {"Authorization": f"Bearer {plan['token']}"})
        self.assertEqual(connection.getresponse().status, 403)
        self.assertEqual(list(logs_of(daemon, group, prefix)), [stream])
        return stream

    def test_interrupt_stops_the_job(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        job_role, _ = make_roles(daemon)
        upload_code(daemon, "code-bucket")
        request = tutorial_input("x", job_role, "code-bucket", instances=1)["Training"]
        request["Environment"] = {"TRAIN_SECONDS": "600"}
        daemon.client("sagemaker").create_training_job(**request)
        wait_for(lambda: daemon.client("sagemaker").describe_training_job(
            TrainingJobName="estimator-x")["SecondaryStatus"] == "Training", 30, "training")
        self.assertEqual(daemon.interrupt(), 0)
        daemon.start()
        self.assertEqual(finished(daemon, "estimator-x")["TrainingJobStatus"], "Stopped")


if __name__ == "__main__":
    unittest.main(verbosity=2)
