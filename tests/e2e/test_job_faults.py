"""What goes wrong in a job or an endpoint, by its status and FailureReason; nothing of it stays."""
import contextlib
import io
import json
import os
import pathlib
import tarfile
import unittest

from harness import (SERVING_IMAGE, TRAIN_SH, WithRoles, finished, logs_of, source_archive,
                     training_request, upload_code, wait_for)


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


def channel(uri):
    return [{"ChannelName": "training", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": uri}}}]


def commands():
    """Command lines of all processes, by id."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found[int(path.parent.name)] = path.read_text(errors="replace").replace("\0", " ")
    return found


class Jobs(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = upload_code(cls.daemon, "code-bucket")

    def run_job(self, name, script=None, archive=None, **changes):
        """Runs a job with its own archive; returns DescribeTrainingJob at its end."""
        body = archive or source_archive({"train.sh": ("#!/bin/sh\n" + (script or ""), 0o755)})
        self.s3.put_object(Bucket="code-bucket", Key=f"{name}/sourcedir.tar.gz", Body=body)
        return self.run_with(name, f"s3://code-bucket/{name}/sourcedir.tar.gz", **changes)

    def run_with(self, name, code_uri, **changes):
        request = training_request(name, self.job_role, "code-bucket", **changes)
        request["HyperParameters"]["sagemaker_submit_directory"] = json.dumps(code_uri)
        self.daemon.client("sagemaker").create_training_job(**request)
        return finished(self.daemon, name)

    def expect_failure(self, description, reason):
        self.assertEqual((description["TrainingJobStatus"], description["SecondaryStatus"]),
                         ("Failed", "Failed"), description)
        self.assertEqual(description["SecondaryStatusTransitions"][-1]["Status"], "Failed")
        self.assertEqual(description["FailureReason"], reason)

    def test_scripts_that_fail(self):
        def reason(code, words, command="/bin/sh -c ./train.sh --backend gloo --epochs 6"):
            return (f"AlgorithmError: ExecuteUserScriptError:\nExitCode {code}\n"
                    f'ErrorMessage "{words}"\nCommand "{command}"')
        toolkit = "/opt/trainyard/trainyard-toolkit train"
        for name, script, expected in (
                ("exits", "echo oh no >&2; exit 3", reason(3, "oh no")),
                ("killed", "echo so far >&2; kill -9 $$", reason(137, "so far")),
                ("terminated", "kill -15 $$", reason(143, "")),
                ("writes", "echo my own words > /opt/ml/output/failure; exit 1",
                 "AlgorithmError: my own words"),
                ("writes-and-is-killed", "echo my last > /opt/ml/output/failure; kill -9 $$",
                 "AlgorithmError: my last"),
                ("links", "ln -s /etc/passwd /opt/ml/output/failure; exit 4",
                 reason(4, "", toolkit)),
                ("interpreter", None, reason(127, "/bin/sh: 1: exec: ./train.sh: not found"))):
            with self.subTest(name):
                archive = source_archive({"train.sh": ("#!/no/such\n", 0o755)})
                self.expect_failure(
                    self.run_job(name, script, None if script else archive), expected)
                streams = logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", name + "/")
                self.assertIn("Reporting training FAILURE", str(streams))

    def test_failure_file_that_is_too_long(self):
        described = self.run_job(
            "writes-more", "head -c 5000 /dev/zero | tr '\\0' x > /opt/ml/output/failure; exit 1")
        self.assertEqual(described["TrainingJobStatus"], "Failed")
        self.assertRegex(described["FailureReason"], "^AlgorithmError: x{900,}$")
        self.assertLessEqual(len(described["FailureReason"]), 1024)

    def test_missing_entry_point(self):
        for name, files, holds in (("other", {"other.sh": ("", 0o755)}, "holds other.sh"),
                                   ("empty", {}, "is empty")):
            with self.subTest(name):
                self.expect_failure(
                    self.run_job(name, archive=source_archive(files)), "AlgorithmError: The entry "
                    f"point train.sh does not exist: /opt/ml/code {holds}.")

    def test_missing_archive_and_bucket(self):
        code, no_bucket = "s3://code-bucket/code/sourcedir.tar.gz", "s3://no-such-bucket/"
        no_key = "NoSuchKey (404): The specified key does not exist., "
        said = "NoSuchBucket (404): The specified bucket does not exist, "
        for name, uri, reason, changes in (
                ("no-archive", "s3://code-bucket/no.tar.gz", "cannot fetch "
                 f"s3://code-bucket/no.tar.gz:{no_key}s3://code-bucket/no.tar.gz", {}),
                ("no-code-bucket", no_bucket + "a.tar.gz",
                 f"cannot fetch {no_bucket}a.tar.gz:{said}{no_bucket}a.tar.gz", {}),
                ("no-data-bucket", code, f"Data download failed:{said}{no_bucket}data",
                 {"InputDataConfig": channel(no_bucket + "data")}),
                ("no-data", code, "Data download failed:No S3 objects found under S3 URL "
                 '"s3://code-bucket/none/" given in input data source. Please ensure that the '
                 "bucket exists and that objects exist under that S3 prefix.",
                 {"InputDataConfig": channel("s3://code-bucket/none/")}),
                ("no-output-bucket", code,
                 f"Upload failed:{said}{no_bucket}models/no-output-bucket/output/model.tar.gz",
                 {"InputDataConfig": channel("s3://code-bucket/data"),
                  "OutputDataConfig": {"S3OutputPath": no_bucket + "models"},
                  "Environment": {"TRAIN_SECONDS": "0"}})):
            with self.subTest(name):
                self.expect_failure(self.run_with(name, uri, **changes), "ClientError: " + reason)

    def test_archives_that_reach_out(self):
        outside = pathlib.Path("/tmp/trainyard-escaped")
        up, absolute = "leads outside of the archive", "has an absolute name"
        link = 'is a link that leads outside of the archive ("%s")'
        relative = "../../../../etc/passwd"
        for number, (why, member) in enumerate((
                (up, {"name": "../../../../../../tmp/trainyard-escaped"}),
                (up, {"name": "a/../../trainyard-escaped"}),
                (absolute, {"name": str(outside)}),
                (link % "/etc/passwd",
                 {"name": "link", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
                (link % relative, {"name": "link", "type": tarfile.SYMTYPE, "linkname": relative}),
                (absolute, {"name": "link", "type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}),
                (up, {"name": "link", "type": tarfile.LNKTYPE, "linkname": relative}),
                ("is a device or a FIFO", {"name": "pipe", "type": tarfile.FIFOTYPE}))):
            with self.subTest(str(member)):
                name, shown = f"archive-{number}", member["name"]
                self.expect_failure(
                    self.run_job(name, archive=hostile_archive(**member)),
                    f"ClientError: cannot unpack s3://code-bucket/{name}/sourcedir.tar.gz: "
                    f'member "{shown}" {why}')
                self.assertFalse(outside.exists())

    def test_archives_that_are_none(self):
        whole = source_archive({"train.sh": (TRAIN_SH * 9, 0o755)})
        for name, archive in (("nonsense", b"this is no archive"), ("cut", whole[:100])):
            with self.subTest(name):
                described = self.run_job(name, archive=archive)
                self.assertEqual(described["TrainingJobStatus"], "Failed")
                self.assertIn(
                    f"ClientError: cannot unpack s3://code-bucket/{name}/sourcedir.tar.gz: the "
                    "archive is damaged or no tar.gz: ", described["FailureReason"])

    def test_endpoints_that_fail(self):
        sagemaker = self.daemon.client("sagemaker")
        self.s3.put_object(Bucket="code-bucket", Key="model.tar.gz",
                           Body=source_archive({"model.txt": ("weights", 0o644)}))
        self.s3.put_object(Bucket="code-bucket", Key="hostile.tar.gz",
                           Body=hostile_archive(name="../out"))
        unwell = ("The primary container for production variant v did not pass the ping health "
                  "check. Please check CloudWatch logs for this endpoint.")
        for name, model, code, program, reason in (
                ("no-model", "none.tar.gz", "code/sourcedir.tar.gz", "noop-model",
                 "ClientError: cannot fetch s3://code-bucket/none.tar.gz:NoSuchKey (404): The "
                 "specified key does not exist., s3://code-bucket/none.tar.gz"),
                ("hostile", "model.tar.gz", "hostile.tar.gz", "noop-model",
                 "ClientError: cannot unpack s3://code-bucket/hostile.tar.gz: member \"../out\" "
                 "leads outside of the archive"),
                ("no-program", "model.tar.gz", "code/sourcedir.tar.gz", "none", unwell),
                ("exits", "model.tar.gz", "code/sourcedir.tar.gz", "train.sh", unwell)):
            sagemaker.create_model(
                ModelName=name, ExecutionRoleArn=self.job_role, PrimaryContainer={
                    "Image": SERVING_IMAGE, "ModelDataUrl": f"s3://code-bucket/{model}",
                    "Environment": {"SAGEMAKER_PROGRAM": program, "SAGEMAKER_SUBMIT_DIRECTORY":
                                    f"s3://code-bucket/{code}"}})
            sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
                {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": name,
                 "VariantName": "v"}])
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

            def ended():
                described = sagemaker.describe_endpoint(EndpointName=name)
                return described if described["EndpointStatus"] != "Creating" else None
            with self.subTest(name):
                described = wait_for(ended, 60, "end of " + name)
                self.assertEqual((described["EndpointStatus"], described["FailureReason"]),
                                 ("Failed", reason))

    def test_stop_and_time_limit(self):
        sagemaker = self.daemon.client("sagemaker")
        sagemaker.create_training_job(**training_request(
            "stopped", self.job_role, "code-bucket", Environment={"TRAIN_SECONDS": "600"},
            InputDataConfig=channel("s3://code-bucket/data")))
        wait_for(lambda: sagemaker.describe_training_job(
            TrainingJobName="stopped")["SecondaryStatus"] == "Training", 30, "training")
        sagemaker.stop_training_job(TrainingJobName="stopped")
        self.assertEqual(finished(self.daemon, "stopped")["TrainingJobStatus"], "Stopped")
        description = self.run_job("limited", "sleep 600",
                                   StoppingCondition={"MaxRuntimeInSeconds": 1})
        self.assertEqual((description["TrainingJobStatus"], description["SecondaryStatus"]),
                         ("Stopped", "MaxRuntimeExceeded"))

    def test_nothing_is_left_running(self):
        sleeper = f"sleep 321.{os.getpid()}"
        self.run_job("forks", f"setsid {sleeper} & exit 0")
        wait_for(lambda: not any(sleeper in command for command in commands().values()), 20,
                 "no sleeper")

    def tearDown(self):
        """Whatever went wrong, no agent, sandbox or network holder stays, and no file of one."""
        own = self.daemon.process.pid
        folder = str(self.daemon.data)
        wait_for(lambda: [] == os.listdir(self.daemon.data / "attempts") + [
            command for process, command in commands().items()
            if folder in command and process != own], 30, "nothing left of a job")


if __name__ == "__main__":
    unittest.main(verbosity=2)
