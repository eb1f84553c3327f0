"""A daemon of one's own for a test, driven through its real HTTP door by real clients.

Tests run in the virtual environment that tools/venv makes (boto3 and the AWS CLI from PyPI).
"""
import configparser
import contextlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("TRAINYARD_BIN_DIR", ROOT / "build" / "bin"))
ACCOUNT = "000000000000"
REGION = "us-east-1"
IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-training:1.2.0-cpu-py3"
SERVING_IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-inference:1.2.0-cpu-py3"
READY_SECONDS_MAX = 30

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole",
     "Principal": {"Service": ["sagemaker.amazonaws.com", "states.amazonaws.com"]}}]})

WORKFLOW_POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "*", "Action": [
        "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob", "sagemaker:CreateModel", "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateEndpoint", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteEndpoint",
        "sagemaker:UpdateEndpoint", "sagemaker:ListTags"]},
    {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*", "Condition": {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}},
    {"Effect": "Allow", "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
     "Resource": ["arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"]}]}


# What has not come by then never comes, however busy the machine is: time decides no test.
HANGS_AFTER = 300


def wait_for(condition, seconds=60, what="condition", pause=0.05):
    """Polls until condition() is truthy and returns it; fails the test when it never is. `seconds`
    says how long it may take at the most on a machine that does nothing else."""
    seconds = max(seconds, HANGS_AFTER)
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {seconds} s; last: {value!r}")
        time.sleep(pause)


class Daemon:
    """`trainyard serve` on a free port, with a data folder that lives as long as the test."""

    def __init__(self, data=None, environment=None, listen="127.0.0.1:0", arguments=()):
        self.own = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="trainyard-e2e-"))
        self.environment = environment or {}
        self.listen = listen
        self.arguments = list(arguments)
        self.process = None
        self.url = None

    def start(self, environment=None, expect_ready=True):
        merged = {**os.environ, **self.environment, **(environment or {})}
        self.log = open(self.data / "daemon.log", "ab") if self.data.exists() else None
        self.process = subprocess.Popen(
            [BIN / "trainyard", "serve", "--data", self.data, "--listen", self.listen,
             *self.arguments],
            stdout=subprocess.PIPE, stderr=self.log, env=merged, start_new_session=True)
        line = self.process.stdout.readline().decode()
        if not line.startswith("ready "):
            if expect_ready:
                raise AssertionError(f"not ready: {line!r}; {self.tail()}")
            return self
        self.url = line.split()[1]
        keys = configparser.ConfigParser()
        keys.read(self.data / "credentials")
        self.key = keys["default"]["aws_access_key_id"]
        self.secret = keys["default"]["aws_secret_access_key"]
        return self

    def tail(self):
        text = (self.data / "daemon.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-25:])

    def client(self, service, key=None, secret=None, token=None, **config):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION,
            aws_access_key_id=key or self.key, aws_secret_access_key=secret or self.secret,
            aws_session_token=token, verify=False,
            config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=90, **config))

    def cli(self, *arguments, check=True, **kwargs):
        """The AWS CLI with this daemon's endpoint and root keys; returns its stdout."""
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": self.key, "AWS_ENDPOINT_URL": self.url,
                       "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_DEFAULT_REGION": REGION,
                       "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}
        # Of the test's own environment, or of another where that one has none.
        programs = os.environ.get("TRAINYARD_CLI_DIR") or pathlib.Path(sys.executable).parent
        python, aws = pathlib.Path(programs, "python"), pathlib.Path(programs, "aws")
        done = subprocess.run([python, aws, *map(str, arguments)], env=environment,
                              capture_output=True, text=True, timeout=120, **kwargs)
        if check and done.returncode != 0:
            raise AssertionError(f"aws {arguments}: {done.stderr}")
        return done.stdout if check else done

    def command(self, *arguments):
        """`trainyard COMMAND …` on this daemon's folder: what it ended with."""
        return subprocess.run([BIN / "trainyard", *arguments, "--data", self.data], text=True,
                              capture_output=True, timeout=60)

    def shell(self, *arguments):
        """The environment of a shell that has run eval "$(trainyard env …)" before any other."""
        script = 'eval "$("$0" env "$@")" && exec env -0'
        clean = {name: value for name, value in os.environ.items()
                 if not name.upper().startswith(("AWS_", "HTTPS_PROXY", "NO_PROXY"))}
        done = subprocess.run(["bash", "-ec", script, BIN / "trainyard", *arguments, "--data",
                               self.data], env=clean, stdout=subprocess.PIPE, text=True,
                              timeout=60, check=True)
        return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)

    def kill(self):
        """SIGKILL: the daemon alone; agents go on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def revive(self):
        """Starts it again if it is gone; whether it was."""
        if self.process.poll() is None:
            return False
        self.process.stdout.close()
        self.start()
        return True

    def terminate(self):
        """SIGTERM: the daemon alone ends in order; agents go on."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code

    def interrupt(self):
        """SIGINT: agents end too."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def close(self):
        if self.process and self.process.poll() is None:
            try:
                self.interrupt()
            except subprocess.TimeoutExpired:
                self.kill()
        elif self.process:
            # It ended by itself: start it once more so that it stops the agents that it left.
            with contextlib.suppress(Exception):
                self.start()
                self.interrupt()
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)


def source_archive(files):
    """sourcedir.tar.gz of {name: (text or bytes or path, mode)} as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, (content, mode) in files.items():
            if isinstance(content, pathlib.Path):
                content = content.read_bytes()
            elif isinstance(content, str):
                content = content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = mode
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class WithDaemon(unittest.TestCase):
    """Tests that share one daemon: `daemon`, started with `arguments`."""
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(arguments=cls.arguments).start()
        cls.addClassCleanup(cls.daemon.close)


class WithRoles(WithDaemon):
    """And what its jobs and its workflows may act as: `job_role`, `flow_role`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.job_role, cls.flow_role = make_roles(cls.daemon)


def make_roles(daemon, workflow_policy=None):
    """The tutorial's two roles; returns their ARNs (job role, workflow role)."""
    iam = daemon.client("iam")
    job = iam.create_role(RoleName="JobRole", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    # AmazonSageMakerFullAccess reaches objects in buckets named *sagemaker* only; ours are not.
    for policy in ("AmazonSageMakerFullAccess", "AmazonS3FullAccess"):
        iam.attach_role_policy(RoleName="JobRole", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    flow = iam.create_role(RoleName="FlowRole", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="FlowRole", PolicyName="flow",
                        PolicyDocument=json.dumps(workflow_policy or WORKFLOW_POLICY))
    return job, flow


def training_request(name, role, bucket, program="train.sh", **changes):
    """A CreateTrainingJob request for a program in s3://bucket/code/sourcedir.tar.gz."""
    request = {
        "TrainingJobName": name, "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.c4.xlarge",
                           "VolumeSizeInGB": 30},
        "HyperParameters": {
            "epochs": "6", "backend": '"gloo"', "sagemaker_program": json.dumps(program),
            "sagemaker_submit_directory": json.dumps(f"s3://{bucket}/code/sourcedir.tar.gz"),
            "sagemaker_region": json.dumps(REGION), "sagemaker_container_log_level": "20"},
    }
    request.update(changes)
    return request


def logs_of(daemon, group, prefix):
    """Every line of the group's streams that begin with the prefix, by stream."""
    logs = daemon.client("logs")
    lines = {}
    for stream in logs.describe_log_streams(logGroupName=group,
                                            logStreamNamePrefix=prefix)["logStreams"]:
        name = stream["logStreamName"]
        events = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)
        lines[name] = [event["message"] for event in events["events"]]
    return lines


def finished(daemon, job, seconds=60, pause=0.05):
    """DescribeTrainingJob once the job has ended."""
    sagemaker = daemon.client("sagemaker")

    def ended():
        description = sagemaker.describe_training_job(TrainingJobName=job)
        ok = description["TrainingJobStatus"] in ("Completed", "Failed", "Stopped")
        return description if ok else None
    return wait_for(ended, seconds, f"end of {job}", pause)


def tutorial_definition():
    """The state machine of the tutorial's TrainingPipeline."""
    def member(state, names):
        return {f"{name}.$": f"$$.Execution.Input['{state}'].{name}" for name in names}
    return {"StartAt": "Training", "States": {
        "Training": {
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": member("Training", [
                "AlgorithmSpecification", "OutputDataConfig", "StoppingCondition",
                "ResourceConfig", "RoleArn", "InputDataConfig", "HyperParameters",
                "TrainingJobName"]),
            "Type": "Task", "Next": "Create Model"},
        "Create Model": {
            "Parameters": member("Create Model", [
                "ModelName", "PrimaryContainer", "ExecutionRoleArn"]),
            "Resource": "arn:aws:states:::sagemaker:createModel",
            "Type": "Task", "Next": "Configure Endpoint"},
        "Configure Endpoint": {
            "Resource": "arn:aws:states:::sagemaker:createEndpointConfig",
            "Parameters": member("Configure Endpoint", [
                "EndpointConfigName", "ProductionVariants"]),
            "Type": "Task", "Next": "Deploy"},
        "Deploy": {
            "Resource": "arn:aws:states:::sagemaker:createEndpoint",
            "Parameters": member("Deploy", ["EndpointConfigName", "EndpointName"]),
            "Type": "Task", "End": True}}}


def tutorial_input(name, job_role, bucket, program="train.sh", serving="noop-model", instances=2):
    """The execution input that goes with it; the data channel is s3://bucket/data."""
    training = training_request(f"estimator-{name}", job_role, bucket, program)
    training["ResourceConfig"]["InstanceCount"] = instances
    training["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/data",
        "S3DataDistributionType": "FullyReplicated"}}}]
    return {
        "Training": training,
        "Create Model": {"ModelName": name, "ExecutionRoleArn": job_role, "PrimaryContainer": {
            "Image": SERVING_IMAGE,
            "Environment": {"SAGEMAKER_PROGRAM": serving, "SAGEMAKER_REGION": REGION,
                            "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{bucket}/code/sourcedir.tar.gz"},
            "ModelDataUrl": f"s3://{bucket}/models/estimator-{name}/output/model.tar.gz"}},
        "Configure Endpoint": {"EndpointConfigName": name, "ProductionVariants": [
            {"InitialInstanceCount": instances, "InstanceType": "ml.c4.xlarge",
             "ModelName": name, "VariantName": "AllTraffic"}]},
        "Deploy": {"EndpointConfigName": name, "EndpointName": name}}


TRAIN_SH = """#!/bin/sh
set -eu
echo "host $SM_CURRENT_HOST of $SM_HOSTS args $*"
ls "$SM_CHANNEL_TRAINING"
sleep ${TRAIN_SECONDS:-1}
echo "Train Epoch: 1 Loss: 0.25"
echo "weights of $SM_CURRENT_HOST" > "$SM_MODEL_DIR/model.txt"
# Too long, packed, for a database row: a pipeline's run writes a blob.
head -c 40000 /dev/urandom > "$SM_MODEL_DIR/weights"
echo "notes" > "$SM_OUTPUT_DATA_DIR/notes.txt"
"""


def upload_code(daemon, bucket, extra=None):
    """Bucket with code (train.sh, noop-model) and one data file."""
    s3 = daemon.client("s3")
    s3.create_bucket(Bucket=bucket)
    files = {"train.sh": (TRAIN_SH, 0o755), "noop-model": (BIN / "noop-model", 0o755)}
    files.update(extra or {})
    s3.put_object(Bucket=bucket, Key="code/sourcedir.tar.gz", Body=source_archive(files))
    s3.put_object(Bucket=bucket, Key="data/part-0.csv", Body=b"1,2,3\n")
    return s3
