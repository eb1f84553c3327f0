"""Bad input and faults: requests by AWS code and HTTP status, jobs by status and FailureReason, starts
by exit code and the line on stderr."""
import contextlib
import io
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import tempfile
import unittest
import urllib.request

from harness import (BIN, TRAIN_SH, Daemon, finished, make_roles, source_archive,
                     training_request, tutorial_definition, upload_code, wait_for)


def hostile_archive(**member):
    """A tar.gz with train.sh and one member as given."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        script = tarfile.TarInfo("train.sh")
        script.size, script.mode = len(TRAIN_SH), 0o755
        archive.addfile(script, io.BytesIO(TRAIN_SH.encode()))
        bad = tarfile.TarInfo(member.pop("name"))
        for name, value in member.items():
            setattr(bad, name, value)
        archive.addfile(bad, io.BytesIO(b"") if bad.isreg() else None)
    return buffer.getvalue()


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.job_role, cls.flow_role = make_roles(cls.daemon)
        upload_code(cls.daemon, "code-bucket")

    def expect(self, service, code, status, call, words=""):
        client = self.daemon.client(service)
        with self.assertRaises(client.exceptions.ClientError) as caught:
            call(client)
        response = caught.exception.response
        self.assertEqual(response["Error"]["Code"], code, response)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status, response)
        self.assertIn(words, response["Error"]["Message"])

    def raw(self, data, headers=b""):
        host = self.daemon.url.split("//")[1]
        with socket.create_connection((host.split(":")[0], int(host.split(":")[1]))) as door:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                door.sendall(data)
            door.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                return door.recv(65536)
            return b""

    def test_wrong_keys(self):
        client = self.daemon.client("sts", "AKIAUNKNOWNKEY00000", "x")
        with self.assertRaises(client.exceptions.ClientError) as caught:
            client.get_caller_identity()
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidClientTokenId")
        client = self.daemon.client("sts", self.daemon.key, "wrong")
        with self.assertRaises(client.exceptions.ClientError) as caught:
            client.get_caller_identity()
        self.assertEqual(caught.exception.response["Error"]["Code"], "SignatureDoesNotMatch")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)

    def test_malformed_json_and_unknown_operation(self):
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials
        keys = botocore.credentials.Credentials(self.daemon.key, self.daemon.secret)
        for body, target, code in ((b"{", "CreateStateMachine", "SerializationException"),
                                   (b"[]", "CreateStateMachine", "SerializationException"),
                                   (b"{}", "MakeCoffee", "UnknownOperationException")):
            request = botocore.awsrequest.AWSRequest(
                "POST", self.daemon.url + "/",
                {"X-Amz-Target": "AWSStepFunctions." + target,
                 "Content-Type": "application/x-amz-json-1.0"}, body)
            botocore.auth.SigV4Auth(keys, "states", "us-east-1").add_auth(request)
            prepared = request.prepare()
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(
                    prepared.url, body, dict(prepared.headers.items())))
            self.assertEqual(caught.exception.code, 400)
            self.assertIn(code, caught.exception.read().decode())

    def test_malformed_xml(self):
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials
        keys = botocore.credentials.Credentials(self.daemon.key, self.daemon.secret)
        request = botocore.awsrequest.AWSRequest(
            "POST", self.daemon.url + "/code-bucket?delete", {}, b"<Delete><Object>")
        botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
        prepared = request.prepare()
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(
                prepared.url, prepared.body, dict(prepared.headers.items())))
        self.assertEqual(caught.exception.code, 400)
        self.assertIn("MalformedXML", caught.exception.read().decode())

    def test_oversize(self):
        self.assertIn(b" 431 ", self.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000))
        self.assertIn(b" 400 ", self.raw(b"NONSENSE\r\n\r\n"))
        self.expect("sagemaker-runtime", "ValidationError", 400, lambda c: c.invoke_endpoint(
            EndpointName="missing", Body=b"x" * 7_000_000))

    def test_bad_names(self):
        self.expect("s3", "InvalidBucketName", 400,
                    lambda c: c._make_api_call("CreateBucket", {"Bucket": "ab"}))
        self.expect("sagemaker", "ValidationException", 400,
                    lambda c: c.describe_training_job(TrainingJobName="bad_name!"),
                    "failed to satisfy constraint: Member must satisfy regular expression pattern")
        self.expect("stepfunctions", "InvalidName", 400, lambda c: c.create_state_machine(
            name="a b", definition="{}", roleArn=self.flow_role))
        self.expect("stepfunctions", "InvalidDefinition", 400, lambda c: c.create_state_machine(
            name="ok", definition="{", roleArn=self.flow_role))

    def test_missing_things(self):
        self.expect("s3", "NoSuchBucket", 404, lambda c: c.list_objects_v2(Bucket="no-such-one"))
        self.expect("s3", "NoSuchKey", 404, lambda c: c.get_object(Bucket="code-bucket", Key="no"))
        self.expect("iam", "NoSuchEntity", 404, lambda c: c.get_role(RoleName="alice"))
        self.expect("sagemaker", "ValidationException", 400,
                    lambda c: c.describe_endpoint(EndpointName="none"), "Could not find")
        self.expect("stepfunctions", "StateMachineDoesNotExist", 400, lambda c: c.start_execution(
            stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:none"))
        self.expect("sagemaker", "ValidationException", 400, lambda c: c.create_training_job(
            **training_request("norole", "arn:aws:iam::000000000000:role/None", "code-bucket")))

    def test_pass_role_denied(self):
        iam = self.daemon.client("iam")
        iam.create_user(UserName="carol")
        iam.put_user_policy(UserName="carol", PolicyName="p", PolicyDocument="""{
            "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sagemaker:*", "states:*"], "Resource": "*"}]}""")
        key = iam.create_access_key(UserName="carol")["AccessKey"]
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        client = self.daemon.client("sagemaker", *keys)
        with self.assertRaises(client.exceptions.ClientError) as caught:
            client.create_training_job(**training_request("job", self.job_role, "code-bucket"))
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")
        self.assertIn("iam:PassRole", caught.exception.response["Error"]["Message"])


class Jobs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.job_role, cls.flow_role = make_roles(cls.daemon)
        cls.s3 = upload_code(cls.daemon, "code-bucket")

    def run_job(self, name, script=None, archive=None, **changes):
        """Runs a job with its own archive; returns DescribeTrainingJob at its end."""
        body = archive or source_archive({"train.sh": ("#!/bin/sh\n" + (script or ""), 0o755)})
        self.s3.put_object(Bucket="code-bucket", Key=f"{name}/sourcedir.tar.gz", Body=body)
        request = training_request(name, self.job_role, "code-bucket", **changes)
        request["HyperParameters"]["sagemaker_submit_directory"] = \
            f'"s3://code-bucket/{name}/sourcedir.tar.gz"'
        self.daemon.client("sagemaker").create_training_job(**request)
        return finished(self.daemon, name)

    def expect_failure(self, description, *words):
        self.assertEqual(description["TrainingJobStatus"], "Failed", description)
        for word in words:
            self.assertIn(word, description["FailureReason"])

    def test_exit_3(self):
        self.expect_failure(self.run_job("exits", "echo oh no >&2; exit 3"),
                            "AlgorithmError: ", "ExitCode 3", "oh no")

    def test_killed(self):
        self.expect_failure(self.run_job("killed", "kill -9 $$"), "AlgorithmError: ", "137")

    def test_failure_file(self):
        self.expect_failure(
            self.run_job("writes", "echo my own words > /opt/ml/output/failure; exit 1"),
            "AlgorithmError: ", "my own words")

    def test_missing_entry_point(self):
        description = self.run_job("nothing", archive=source_archive({"other.sh": ("", 0o755)}))
        self.expect_failure(description, "train.sh")

    def test_missing_archive_and_bucket(self):
        request = training_request("noarchive", self.job_role, "code-bucket")
        request["HyperParameters"]["sagemaker_submit_directory"] = '"s3://code-bucket/no.tar.gz"'
        sagemaker = self.daemon.client("sagemaker")
        sagemaker.create_training_job(**request)
        self.expect_failure(finished(self.daemon, "noarchive"), "s3://code-bucket/no.tar.gz")
        request = training_request("nobucket", self.job_role, "code-bucket")
        request["InputDataConfig"] = [{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://no-such-bucket/data"}}}]
        sagemaker.create_training_job(**request)
        self.expect_failure(finished(self.daemon, "nobucket"), "ClientError", "no-such-bucket")

    def test_archives_that_reach_out(self):
        outside = pathlib.Path("/tmp/trainyard-escaped")
        for number, member in enumerate((
                {"name": "../../../../../../tmp/trainyard-escaped"},
                {"name": "/tmp/trainyard-escaped"},
                {"name": "link", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
                {"name": "link", "type": tarfile.SYMTYPE, "linkname": "../../../../etc/passwd"},
                {"name": "link", "type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})):
            with self.subTest(str(member)):
                shown = member["name"]
                description = self.run_job(f"archive-{number}", archive=hostile_archive(**member))
                self.expect_failure(description, shown)
                self.assertFalse(outside.exists())

    def test_stop_and_time_limit(self):
        sagemaker = self.daemon.client("sagemaker")
        body = source_archive({"train.sh": ("#!/bin/sh\nsleep 600\n", 0o755)})
        self.s3.put_object(Bucket="code-bucket", Key="code/sourcedir.tar.gz", Body=body)
        sagemaker.create_training_job(
            **training_request("stopped", self.job_role, "code-bucket"))
        wait_for(lambda: sagemaker.describe_training_job(
            TrainingJobName="stopped")["SecondaryStatus"] == "Training", 30, "training")
        sagemaker.stop_training_job(TrainingJobName="stopped")
        self.assertEqual(finished(self.daemon, "stopped")["TrainingJobStatus"], "Stopped")
        description = self.run_job("limited", "sleep 600",
                                   StoppingCondition={"MaxRuntimeInSeconds": 1})
        self.assertEqual(description["SecondaryStatus"], "MaxRuntimeExceeded")

    def test_nothing_is_left_running(self):
        self.run_job("forks", "sleep 321 & exit 0")
        wait_for(lambda: subprocess.run(["pgrep", "-f", "^sleep 321"],
                                        capture_output=True).returncode == 1, 20, "no sleeper")


class Starts(unittest.TestCase):
    def serve(self, *arguments):
        return subprocess.run([BIN / "trainyard", "serve", *map(str, arguments)],
                              capture_output=True, text=True, timeout=30)

    def expect_refusal(self, done, *words):
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_port_taken(self):
        with socket.socket() as taken, tempfile.TemporaryDirectory() as data:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.serve("--data", data, "--listen", f"127.0.0.1:{port}")
            self.expect_refusal(done, f"127.0.0.1:{port}", "in use")

    def test_folder_in_use(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        self.expect_refusal(self.serve("--data", daemon.data, "--listen", "127.0.0.1:0"),
                            str(daemon.data), "in use")

    def mount(self, *arguments):
        folder = tempfile.mkdtemp(prefix="trainyard-mount-")
        self.addCleanup(shutil.rmtree, folder, True)
        done = subprocess.run(["mount", *arguments, folder], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("this machine does not let us mount: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", folder])
        return folder

    def test_not_writable(self):
        folder = self.mount("-t", "tmpfs", "-o", "ro", "tmpfs")
        self.expect_refusal(self.serve("--data", folder, "--listen", "127.0.0.1:0"), folder,
                            "Read-only")

    def test_disk_full(self):
        folder = self.mount("-t", "tmpfs", "-o", "size=3m", "tmpfs")
        daemon = Daemon(data=folder).start()
        self.addCleanup(daemon.close)
        s3 = daemon.client("s3")
        s3.create_bucket(Bucket="full-bucket")
        s3.put_object(Bucket="full-bucket", Key="small", Body=b"kept")
        with self.assertRaises(s3.exceptions.ClientError) as caught:
            for number in range(8):
                s3.put_object(Bucket="full-bucket", Key=f"big-{number}", Body=bytes(1_000_000))
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 500)
        self.assertEqual(s3.get_object(Bucket="full-bucket", Key="small")["Body"].read(), b"kept")


if __name__ == "__main__":
    unittest.main(verbosity=2)
