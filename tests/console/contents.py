"""What the pages show: executions, jobs, an endpoint, objects, users, of every kind and state, made by
boto3. Among it what would do harm if a page took it for markup.
"""
import gzip
import json
import struct
import types
import zlib

import visit  # noqa: F401  # which finds the harness

from harness import (BIN, finished, make_roles, source_archive, training_request,
                     tutorial_definition, tutorial_input, wait_for)

BUCKET = "digits"
# Sets what a test looks for, if any page ever runs it.
MARKUP = '<img src=x onerror="window.harmed=1">'
SCRIPT = "<script>window.harmed=1</script>"

TRAIN_SH = f"""#!/bin/sh
set -eu
for epoch in 1 2 3; do
  for step in 1 2 3 4; do
    echo "Train Epoch: $epoch [$((step * 15000))/60000] Loss: 0.$((9 - epoch * 2))$step"
  done
  echo "Test set: Average loss: 0.$((9 - epoch * 2))1, Accuracy: 9$epoch%"
  sleep 1
done
echo '{MARKUP}{SCRIPT}'
echo weights > "$SM_MODEL_DIR/model.txt"
"""
FAIL_SH = """#!/bin/sh
echo "Reading the channel"
echo "no such file: labels.idx" > /opt/ml/output/failure
exit 3
"""
LONG_SH = """#!/bin/sh
echo "Train Epoch: 1 [15000/60000] Loss: 0.61"
exec sleep 3600
"""

MACHINE = {"StartAt": "Prepare", "States": {
    "Prepare": {"Type": "Pass", "Next": "Both", "Result": {
        "items": [{"kind": "odd"}, {"kind": "even"}, {"kind": "odd"}, {"kind": "even"}]}},
    "Both": {"Type": "Parallel", "ResultPath": None, "Next": "Each", "Branches": [
        {"StartAt": "List Buckets", "States": {"List Buckets": {
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
            "Parameters": {}, "End": True}}},
        {"StartAt": MARKUP, "States": {MARKUP: {"Type": "Pass", "End": True}}}]},
    "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": None, "Next": "Fetch",
             "ItemProcessor": {"StartAt": "Odd?", "States": {
                 "Odd?": {"Type": "Choice", "Default": "Even", "Choices": [
                     {"Variable": "$.kind", "StringEquals": "odd", "Next": "Odd"}]},
                 "Odd": {"Type": "Pass", "End": True},
                 "Even": {"Type": "Pass", "End": True}}}},
    "Fetch": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
              "Parameters": {"Bucket": BUCKET, "Key": "is/not/there"},
              "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
              "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Note The Error"}],
              "Next": "Done"},
    "Note The Error": {"Type": "Pass", "Next": "Done"},
    "Done": {"Type": "Succeed"}}}


def waiting_machine(activity):
    return {"StartAt": "Review", "States": {
        "Review": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 86400, "Next": "Done"},
        "Done": {"Type": "Succeed"}}}


def png(side=32):
    """A picture in which colours run from corner to corner."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + bytes(value for x in range(side)
                                  for value in (x * 8, y * 8, 128)) for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def npy(rows=6, columns=5):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".encode()
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    values = struct.pack(f"<{rows * columns}f", *(value / 7 for value in range(rows * columns)))
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + values


def idx(count=3, side=28):
    """Pictures in the format of MNIST's files: a bar that falls."""
    pixels = bytes(255 if abs(y - 6 * (one + 1)) < 3 and 4 < x < 24 else 0
                   for one in range(count) for y in range(side) for x in range(side))
    return struct.pack(">IIII", 0x803, count, side, side) + pixels


OBJECTS = {
    "notes/readme.txt": b"Digits, as they came.\n\nTrain: 60,000\nTest:  10,000\n",
    "notes/settings.json": json.dumps({"epochs": 3, "rates": [0.1, 0.01], "name": MARKUP}).encode(),
    "notes/page.html": f"<!doctype html><body>{MARKUP}{SCRIPT}</body>".encode(),
    "notes/drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>'.encode(),
    "notes/log.txt.gz": gzip.compress(b"line by line\n" * 40, mtime=0),
    "pictures/colours.png": png(),
    "arrays/weights.npy": npy(),
    "arrays/images-idx3-ubyte": idx(),
    "other/random.bin": bytes((n * 167 + 13) % 256 for n in range(700)),
    f"other/{MARKUP.replace('/', '')}.txt": b"The name is the thing.\n",
}
TYPES = {"html": "text/html", "svg": "image/svg+xml", "json": "application/json", "png": "image/png"}


def make_objects(daemon):
    s3 = daemon.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket="nothing-here-yet")
    for key, body in OBJECTS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body,
                      ContentType=TYPES.get(key.rsplit(".", 1)[-1], "application/octet-stream"))
    s3.put_object(Bucket=BUCKET, Key="data/part-0.csv", Body=b"1,2,3\n")
    daemon.cli("s3api", "put-object", "--bucket", BUCKET, "--key", "other/empty")
    s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz", Body=source_archive({
        "train.sh": (TRAIN_SH, 0o755), "fail.sh": (FAIL_SH, 0o755), "long.sh": (LONG_SH, 0o755),
        "noop-model": (BIN / "noop-model", 0o755)}))


def start_jobs(daemon, role):
    sagemaker = daemon.client("sagemaker")
    channel = [{"ChannelName": "training", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data"}}}]
    for name, program in (("job-done", "train.sh"), ("job-done-again", "train.sh"),
                          ("job-failed", "fail.sh"), ("job-running", "long.sh"),
                          ("job-stopped", "long.sh")):
        request = training_request(name, role, BUCKET, program, InputDataConfig=channel)
        request["HyperParameters"]["note"] = json.dumps(MARKUP)
        request["AlgorithmSpecification"]["MetricDefinitions"] = [
            {"Name": "loss", "Regex": "Train.*Loss: ([0-9.]+)"},
            {"Name": "accuracy", "Regex": "Accuracy: ([0-9.]+)"}]
        sagemaker.create_training_job(**request)

    def trains():
        return sagemaker.describe_training_job(
            TrainingJobName="job-stopped")["SecondaryStatus"] == "Training"
    wait_for(trains, 60, "a job that trains")
    sagemaker.stop_training_job(TrainingJobName="job-stopped")
    states = {name: finished(daemon, name)["TrainingJobStatus"]
              for name in ("job-done", "job-done-again", "job-failed", "job-stopped")}
    assert states == {"job-done": "Completed", "job-done-again": "Completed",
                      "job-failed": "Failed", "job-stopped": "Stopped"}, states


def start_executions(daemon, job_role, flow_role):
    """{what it is: its ARN}, of executions and (below "machine …") of state machines."""
    states = daemon.client("stepfunctions")
    activity = states.create_activity(name="review")["activityArn"]

    def machine(name, definition):
        return states.create_state_machine(
            name=name, roleArn=flow_role, definition=json.dumps(definition),
            tags=[{"key": "team", "value": MARKUP}])["stateMachineArn"]

    def start(machine_arn, name, given):
        return states.start_execution(stateMachineArn=machine_arn, name=name,
                                      input=json.dumps(given))["executionArn"]
    arns = {"machine": machine("Survey", MACHINE),
            "machine waiting": machine("Waiting", waiting_machine(activity)),
            "machine pipeline": machine("TrainingPipeline", tutorial_definition())}
    arns["pipeline"] = start(arns["machine pipeline"], "run-1",
                             tutorial_input("run-1", job_role, BUCKET))
    failing = tutorial_input("run-2", job_role, BUCKET, program="fail.sh")
    arns["failed"] = start(arns["machine pipeline"], "run-2", failing)
    arns["succeeded"] = start(arns["machine"], "whole", {"note": SCRIPT})
    arns["running"] = start(arns["machine waiting"], "open", {"asked": "today"})
    arns["aborted"] = start(arns["machine waiting"], "given-up", {})
    states.stop_execution(executionArn=arns["aborted"], error="GivenUp", cause="Nobody answered.")
    # By the AWS CLI: the boto3 of the tutorial's SDKs is older than versions.
    daemon.cli("stepfunctions", "publish-state-machine-version", "--state-machine-arn",
               arns["machine"], "--description", "The first")
    daemon.cli("stepfunctions", "create-state-machine-alias", "--name", "live",
               "--routing-configuration",
               f"stateMachineVersionArn={arns['machine']}:1,weight=100")
    for kind, status in (("pipeline", "SUCCEEDED"), ("failed", "FAILED"), ("succeeded", "SUCCEEDED")):
        def ended(arn=arns[kind]):
            told = states.describe_execution(executionArn=arn)
            return told if told["status"] != "RUNNING" else None
        told = wait_for(ended, 120, f"the end of {kind}")
        assert told["status"] == status, told
    return arns


def make_people(daemon):
    """A user who may look at IAM and at nothing else, and its key."""
    iam = daemon.client("iam")
    iam.create_user(UserName="erin", Tags=[{"Key": "note", "Value": "an intern"}])
    iam.attach_user_policy(UserName="erin", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.create_policy(PolicyName="ReadDigits", Description=MARKUP, PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Sid": "Look", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
             "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}]}))
    return iam.create_access_key(UserName="erin")["AccessKey"]


def make_contents(daemon):
    job_role, flow_role = make_roles(daemon)
    daemon.client("iam").attach_role_policy(
        RoleName="FlowRole", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    make_objects(daemon)
    arns = start_executions(daemon, job_role, flow_role)
    start_jobs(daemon, job_role)
    sagemaker = daemon.client("sagemaker")
    wait_for(lambda: sagemaker.describe_endpoint(EndpointName="run-1")["EndpointStatus"] == "InService",
             60, "the endpoint")
    daemon.client("sagemaker-runtime").invoke_endpoint(EndpointName="run-1", Body=b"[1]")
    return types.SimpleNamespace(arns=arns, erin=make_people(daemon))
