"""Bad input and faults: requests by AWS code and HTTP status, starts by exit code and the line on
stderr. What goes wrong in jobs has a test file of its own."""
import contextlib
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import unittest

from harness import (ACCOUNT, BIN, SERVING_IMAGE, TRUST, Daemon, WithRoles, finished, logs_of,
                     make_roles, source_archive, training_request, tutorial_definition,
                     upload_code, wait_for)
from raw import JSON, QUERY, plain, request_for, send, sign

REQUEST_BYTES_MAX = 8 << 20
NO_ROLE = f"arn:aws:iam::{ACCOUNT}:role/None"
MACHINES = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:"
EXECUTIONS = f"arn:aws:states:us-east-1:{ACCOUNT}:execution:"
INTERNAL_FAILURE = ("InternalFailure", 500)
PASS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
CONTAINER = {"Image": SERVING_IMAGE, "ModelDataUrl": "s3://code-bucket/model.tar.gz"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def error_of(client, call):
    """(code, HTTP status) of what the call ends with, and the message; ("", 0) when it succeeds."""
    try:
        call(client)
    except client.exceptions.ClientError as error:
        told = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return (told["Code"], status), told["Message"]
    return ("", 0), ""


class Requests(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        upload_code(cls.daemon, "code-bucket")

    def expect(self, service, code, status, call, words="", keys=()):
        with self.subTest(f"{service}: {code} {words}"):
            told, message = error_of(self.daemon.client(service, *keys), call)
            self.assertEqual(told, (code, status), message)
            self.assertIn(words, message)

    def signed(self, service, request):
        return sign(service, request, self.daemon.key, self.daemon.secret)

    def expect_raw(self, service, code, status, request):
        with self.subTest(f"{service}: {code} {request.url} {request.data[:40]}"):
            told_status, told, body = send(self.signed(service, request))
            self.assertEqual((told, told_status), (code, status), body)

    def bytes(self, data):
        """The beginning of the answer to these bytes."""
        host = self.daemon.url.split("//")[1]
        with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as door:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                door.sendall(data)
            door.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                return door.recv(65536)
            return b""

    def test_unknown_operation(self):
        url = self.daemon.url
        for service in JSON:
            self.expect_raw(service, "UnknownOperationException", 400,
                            request_for(url, service, "MakeCoffee"))
        for service in QUERY:
            self.expect_raw(service, "InvalidAction", 400,
                            request_for(url, service, "MakeCoffee"))
            self.expect_raw(service, "MissingAction", 400,
                            request_for(url, service, "", body=b"Version=2010-05-08"))
        for service, code, status, method, path in (
                ("s3", "MethodNotAllowed", 405, "PATCH", "/code-bucket"),
                ("s3", "MethodNotAllowed", 405, "POST", "/code-bucket/key"),
                ("s3", "NotImplemented", 501, "GET", "/code-bucket?acl"),
                ("runtime", "UnknownOperationException", 404, "GET", "/endpoints/x/invocations"),
                ("runtime", "UnknownOperationException", 404, "POST", "/endpoints/x/coffee")):
            self.expect_raw(service, code, status, plain(url, method, path))

    def test_malformed_json(self):
        for service, operation, member in (
                ("states", "CreateStateMachine", b"name"), ("events", "PutRule", b"Name"),
                ("sagemaker", "CreateModel", b"ModelName"),
                ("logs", "CreateLogGroup", b"logGroupName")):
            for body in (b"{", b"[]", b"nonsense", b'{"a":1}{', b"\xff", b"[" * 100_000,
                         b'{"%s":1}' % member, b'{"%s":{}}' % member):
                self.expect_raw(service, "SerializationException", 400,
                                request_for(self.daemon.url, service, operation, body=body))

    def test_malformed_xml_and_forms(self):
        url = self.daemon.url
        for method, path, body in (
                ("POST", "/code-bucket?delete", b"<Delete><Object>"),
                ("POST", "/code-bucket?delete", b"nonsense"),
                ("POST", "/code-bucket?delete", b"<Delete><Object></Delete></Object>"),
                ("PUT", "/another-bucket", b"<CreateBucketConfiguration>"),
                ("POST", "/code-bucket/key?uploadId=x", b"<CompleteMultipartUpload><Part>")):
            self.expect_raw("s3", "MalformedXML", 400, plain(url, method, path, body))
        for service in QUERY:
            self.expect_raw(service, "MalformedQueryString", 400,
                            plain(url, "POST", "/", b"Action=%zz", FORM))
        self.expect("s3", "NoSuchBucket", 404, lambda c: c.list_objects_v2(Bucket="another-bucket"))

    def test_oversize(self):
        self.assertIn(b" 431 ", self.bytes(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000))
        self.assertIn(b" 400 ", self.bytes(b"NONSENSE\r\n\r\n"))
        for service in JSON + QUERY:
            self.expect_raw(service, "RequestEntityTooLargeException", 413, request_for(
                self.daemon.url, service, "CreateUser", body=b" " * (REQUEST_BYTES_MAX + 1)))
        self.expect("sagemaker-runtime", "ValidationError", 400, lambda c: c.invoke_endpoint(
            EndpointName="missing", Body=b"x" * 7_000_000), "less than or equal to 6291456")
        # What is announced is refused before it comes.
        put = plain(self.daemon.url, "PUT", "/code-bucket/huge", b"",
                    {"Content-Length": str(6 << 30), "Expect": "100-continue"})
        head = self.signed("s3", put).prepare().headers.items()
        answer = self.bytes(b"PUT /code-bucket/huge HTTP/1.1\r\nHost: " +
                            self.daemon.url.split("//")[1].encode() + b"\r\n" +
                            "".join(f"{name}: {value}\r\n" for name, value in head).encode() +
                            b"\r\n")
        self.assertIn(b"HTTP/1.1 400 ", answer)
        self.assertIn(b"<Code>EntityTooLarge</Code>", answer)
        self.expect("s3", "404", 404, lambda c: c.head_object(Bucket="code-bucket", Key="huge"))

    def test_codes_that_a_service_has_for_itself(self):
        self.expect_raw("s3", "MaxMessageLengthExceeded", 400, plain(
            self.daemon.url, "POST", "/code-bucket?delete", b" " * (REQUEST_BYTES_MAX + 1)))
        self.expect("logs", "InvalidParameterException", 400,
                    lambda c: c.create_log_group(logGroupName="a b"), "at 'logGroupName' failed")
        self.expect("logs", "InvalidParameterException", 400, lambda c: c.create_log_stream(
            logGroupName="a", logStreamName="a:b"), "at 'logStreamName' failed")

    def test_bad_names(self):
        pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern"
        for name in ("ab", "x" * 64, "Upper-Case", "under_score", "a..b", "192.168.1.1", "-abc"):
            self.expect("s3", "InvalidBucketName", 400, lambda c: c._make_api_call(
                "CreateBucket", {"Bucket": name}))
        self.expect("s3", "KeyTooLongError", 400, lambda c: c.put_object(
            Bucket="code-bucket", Key="k" * 1025, Body=b""))
        for service, code, words, call in (
                ("sagemaker", "ValidationException", "'bad_name!' at 'trainingJobName' " + pattern,
                 lambda c: c.create_training_job(
                     **training_request("bad_name!", self.job_role, "code-bucket"))),
                ("sagemaker", "ValidationException", "at 'trainingJobName' failed to satisfy "
                 "constraint: Member must have length less than or equal to 63",
                 lambda c: c.describe_training_job(TrainingJobName="a" * 64)),
                ("sagemaker", "ValidationException", "'-m' at 'modelName' " + pattern,
                 lambda c: c.create_model(ModelName="-m", ExecutionRoleArn=self.job_role,
                                          PrimaryContainer=CONTAINER)),
                ("sagemaker", "ValidationException", "'e p' at 'endpointName' " + pattern,
                 lambda c: c.create_endpoint(EndpointName="e p", EndpointConfigName="none")),
                ("iam", "ValidationError", "'a b' at 'roleName' " + pattern,
                 lambda c: c.create_role(RoleName="a b", AssumeRolePolicyDocument=TRUST)),
                ("iam", "ValidationError", "'a/b' at 'userName' " + pattern,
                 lambda c: c.create_user(UserName="a/b")),
                ("iam", "MalformedPolicyDocument", "invalid Json",
                 lambda c: c.create_role(RoleName="ok", AssumeRolePolicyDocument="{")),
                ("events", "ValidationException", "'a b' at 'name' " + pattern,
                 lambda c: c.put_rule(Name="a b", EventPattern='{"source":["x"]}')),
                ("events", "InvalidEventPatternException", "Event pattern is not valid",
                 lambda c: c.put_rule(Name="ok", EventPattern="{")),
                ("stepfunctions", "InvalidName", "Invalid Name: 'a b'",
                 lambda c: c.create_state_machine(name="a b", definition=PASS,
                                                  roleArn=self.flow_role)),
                ("stepfunctions", "InvalidDefinition", "",
                 lambda c: c.create_state_machine(name="ok", definition="{",
                                                  roleArn=self.flow_role)),
                ("stepfunctions", "InvalidArn", "Invalid Arn",
                 lambda c: c.start_execution(stateMachineArn="nonsense"))):
            self.expect(service, code, 400, call, words)

    def test_missing_things(self):
        for service, code, status, words, call in (
                ("s3", "NoSuchBucket", 404, "", lambda c: c.list_objects_v2(Bucket="no-such-one")),
                ("s3", "NoSuchBucket", 404, "",
                 lambda c: c.put_object(Bucket="no-such-one", Key="k", Body=b"")),
                ("s3", "NoSuchBucket", 404, "", lambda c: c.copy_object(
                    Bucket="code-bucket", Key="k", CopySource="no-such-one/k")),
                ("s3", "NoSuchKey", 404, "",
                 lambda c: c.get_object(Bucket="code-bucket", Key="no")),
                ("iam", "NoSuchEntity", 404, "role with name alice cannot be found",
                 lambda c: c.get_role(RoleName="alice")),
                ("sagemaker", "ValidationException", 400, "Requested resource not found.",
                 lambda c: c.describe_training_job(TrainingJobName="none")),
                ("sagemaker", "ValidationException", 400, "Could not find endpoint \"",
                 lambda c: c.describe_endpoint(EndpointName="none")),
                ("sagemaker-runtime", "ValidationError", 400, "Endpoint none of account",
                 lambda c: c.invoke_endpoint(EndpointName="none", Body=b"")),
                ("stepfunctions", "StateMachineDoesNotExist", 400, "State Machine Does Not Exist",
                 lambda c: c.start_execution(stateMachineArn=MACHINES + "none")),
                ("stepfunctions", "ExecutionDoesNotExist", 400, "Execution Does Not Exist",
                 lambda c: c.get_execution_history(executionArn=EXECUTIONS + "none:none")),
                ("logs", "ResourceNotFoundException", 400, "log group does not exist",
                 lambda c: c.get_log_events(logGroupName="none", logStreamName="x"))):
            self.expect(service, code, status, call, words)

    def test_missing_role(self):
        foreign = TRUST.replace("sagemaker.", "ec2.").replace("states.", "lambda.")
        self.daemon.client("iam").create_role(RoleName="Foreign", AssumeRolePolicyDocument=foreign)
        for role in (NO_ROLE, NO_ROLE.replace("None", "Foreign")):
            words = (f"Could not assume role {role}. Please ensure that the role exists and allows "
                     "principal 'sagemaker.amazonaws.com' to assume the role.")
            self.expect("sagemaker", "ValidationException", 400, lambda c: c.create_training_job(
                **training_request("norole", role, "code-bucket")), words)
            self.expect("sagemaker", "ValidationException", 400, lambda c: c.create_model(
                ModelName="norole", ExecutionRoleArn=role, PrimaryContainer=CONTAINER), words)
            self.expect("stepfunctions", "AccessDeniedException", 400,
                        lambda c: c.create_state_machine(name="norole", definition=PASS,
                                                         roleArn=role),
                        "Neither the global service principal states.amazonaws.com, nor the "
                        "regional one is authorized to assume the provided role.")
        self.expect_nothing_made()

    def test_pass_role_denied(self):
        iam = self.daemon.client("iam")
        iam.create_user(UserName="carol")
        iam.put_user_policy(UserName="carol", PolicyName="p", PolicyDocument="""{
            "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sagemaker:*", "states:*"], "Resource": "*"}]}""")
        key = iam.create_access_key(UserName="carol")["AccessKey"]
        for service, role, call in (
                ("sagemaker", self.job_role, lambda c: c.create_training_job(
                    **training_request("job", self.job_role, "code-bucket"))),
                ("sagemaker", self.job_role, lambda c: c.create_model(
                    ModelName="model", ExecutionRoleArn=self.job_role,
                    PrimaryContainer=CONTAINER)),
                ("stepfunctions", self.flow_role, lambda c: c.create_state_machine(
                    name="flow", definition=json.dumps(tutorial_definition()),
                    roleArn=self.flow_role))):
            self.expect(service, "AccessDeniedException", 400, call,
                        "user/carol is not authorized to perform: iam:PassRole on resource: "
                        + role,
                        (key["AccessKeyId"], key["SecretAccessKey"]))
        self.expect_nothing_made()

    def expect_nothing_made(self):
        sagemaker, states = (self.daemon.client(name) for name in ("sagemaker", "stepfunctions"))
        self.assertEqual(sagemaker.list_training_jobs()["TrainingJobSummaries"], [])
        self.assertEqual(sagemaker.list_models()["Models"], [])
        self.assertEqual(states.list_state_machines()["stateMachines"], [])


class Starts(unittest.TestCase):
    def expect_refusal(self, data, error, listen="127.0.0.1:0"):
        """`serve` ends with 1 and this line, a regular expression, and was never ready."""
        done = subprocess.run([BIN / "trainyard", "serve", "--data", data, "--listen", listen],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, rf"\Atrainyard: {error}\n\Z")

    def daemon_on(self, folder):
        """A daemon there with a bucket and an object."""
        daemon = Daemon(data=folder).start()
        self.addCleanup(daemon.close)
        daemon.client("s3").create_bucket(Bucket="kept-bucket")
        daemon.client("s3").put_object(Bucket="kept-bucket", Key="small", Body=b"kept")
        return daemon

    def expect_kept(self, daemon):
        got = daemon.client("s3").get_object(Bucket="kept-bucket", Key="small")
        self.assertEqual(got["Body"].read(), b"kept")

    def mount(self, *arguments):
        folder = tempfile.mkdtemp(prefix="trainyard-mount-")
        self.addCleanup(shutil.rmtree, folder, True)
        done = subprocess.run(["mount", *arguments, folder], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("this machine does not let us mount: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder])
        return folder

    def remount(self, folder, options):
        subprocess.run(["mount", "-o", "remount," + options, folder], check=True)

    def test_port_taken(self):
        with socket.socket() as taken, tempfile.TemporaryDirectory() as data:
            daemon = self.daemon_on(data)
            daemon.terminate()
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            door = f"127.0.0.1:{taken.getsockname()[1]}"
            self.expect_refusal(data, f"cannot listen on {door}: address already in use", door)
            self.expect_kept(daemon.start())
            daemon.interrupt()

    def test_folder_in_use(self):
        with tempfile.TemporaryDirectory() as data:
            daemon = self.daemon_on(data)
            self.expect_refusal(data, f"{data} is in use by another daemon")
            self.expect_kept(daemon)
            told = subprocess.run([BIN / "trainyard", "env", "--data", data], capture_output=True,
                                  text=True)
            self.assertIn(daemon.url, told.stdout)
            daemon.interrupt()

    def test_no_folder(self):
        with tempfile.NamedTemporaryFile() as file:
            self.expect_refusal(file.name, f"cannot create {file.name}: Not a directory")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_no_permission(self):
        with tempfile.TemporaryDirectory() as data:
            os.chmod(data, 0o555)
            self.expect_refusal(data, f"cannot open {data}/lock: Permission denied")

    def test_not_writable(self):
        folder = self.mount("-t", "tmpfs", "tmpfs")
        daemon = self.daemon_on(folder)
        daemon.terminate()
        daemon.log.close()
        self.remount(folder, "ro")
        self.expect_refusal(folder, f"cannot open {folder}/lock: Read-only file system")
        self.expect_refusal(folder + "/new", f"cannot create {folder}/new: Read-only file system")
        self.remount(folder, "rw")
        self.expect_kept(daemon.start())

    def test_start_on_a_full_disk(self):
        folder = self.mount("-t", "tmpfs", "-o", "size=64k", "tmpfs")
        self.expect_refusal(folder, f"cannot write {folder}/trainyard.db: database or disk is full")

    def fill(self, daemon):
        """Takes the last block of the daemon's disk, then the last page of its database."""
        with open(daemon.data / "filler", "wb", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))

        def create_users(iam):
            for number in range(200):
                iam.create_user(UserName=f"user-{number}")
        self.assertEqual(error_of(daemon.client("iam"), create_users)[0], INTERNAL_FAILURE)

    def test_disk_full(self):
        folder = self.mount("-t", "tmpfs", "-o", "size=3m", "tmpfs")
        daemon = self.daemon_on(folder)
        job_role, flow_role = make_roles(daemon)
        machine = daemon.client("stepfunctions").create_state_machine(
            name="kept", definition=PASS, roleArn=flow_role)["stateMachineArn"]
        calls = {
            "stepfunctions": lambda c: c.start_execution(stateMachineArn=machine),
            "sagemaker": lambda c: c.create_training_job(
                **training_request("job", job_role, "kept-bucket")),
            "iam": lambda c: c.create_role(RoleName="Late", AssumeRolePolicyDocument=TRUST),
            "logs": lambda c: c.create_log_group(logGroupName="late"),
            "events": lambda c: c.put_rule(Name="late", EventPattern='{"source":["x"]}')}
        self.fill(daemon)
        for service, call in calls.items():
            with self.subTest(service):
                self.assertEqual(error_of(daemon.client(service), call)[0], INTERNAL_FAILURE)
        for body in (b"", bytes(1_000_000)):
            self.assertEqual(error_of(daemon.client("s3"), lambda c: c.put_object(
                Bucket="kept-bucket", Key="late", Body=body))[0], ("InternalError", 500))
        self.expect_kept(daemon)
        daemon.kill()
        self.expect_refusal(folder, f"cannot write {folder}/\\S+: "
                            "(No space left on device|database or disk is full)")
        os.unlink(daemon.data / "filler")
        self.expect_kept(daemon.start())
        listed = daemon.client("s3").list_objects_v2(Bucket="kept-bucket")["Contents"]
        self.assertEqual([item["Key"] for item in listed], ["small"])
        for service, call in calls.items():  # none of them has been done
            with self.subTest(service + " with room"):
                self.assertEqual(error_of(daemon.client(service), call)[0], ("", 0))
        described = finished(daemon, "job")
        self.assertEqual(described["TrainingJobStatus"], "Failed")
        self.assertIn("ClientError: cannot fetch s3://kept-bucket/code/sourcedir.tar.gz:NoSuchKey",
                      described["FailureReason"])

    def test_results_wait_for_room(self):
        folder = self.mount("-t", "tmpfs", "-o", "size=6m", "tmpfs")
        daemon = self.daemon_on(folder)
        job_role, _ = make_roles(daemon)
        s3 = daemon.client("s3")
        s3.put_object(Bucket="kept-bucket", Key="code/sourcedir.tar.gz", Body=source_archive({
            "train.sh": ("#!/bin/sh\nhead -c 3000000 /dev/urandom > $SM_MODEL_DIR/weights\n"
                         "sha256sum < $SM_MODEL_DIR/weights\n", 0o755)}))
        daemon.client("sagemaker").create_training_job(
            **training_request("waits", job_role, "kept-bucket"))
        wait_for(lambda: "No space left on device" in daemon.tail(), 30, "no room for the model")
        described = daemon.client("sagemaker").describe_training_job(TrainingJobName="waits")
        self.assertEqual((described["TrainingJobStatus"], described["SecondaryStatus"]),
                         ("InProgress", "Uploading"))
        self.remount(folder, "size=64m")
        self.assertEqual(finished(daemon, "waits")["TrainingJobStatus"], "Completed")
        body = s3.get_object(Bucket="kept-bucket", Key="models/waits/output/model.tar.gz")["Body"]
        with tarfile.open(fileobj=io.BytesIO(body.read())) as archive:
            digest = hashlib.sha256(archive.extractfile("weights").read()).hexdigest()
        lines = sum(logs_of(daemon, "/aws/sagemaker/TrainingJobs", "waits/").values(), [])
        self.assertIn(digest + "  -", lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
