"""What CloudWatch has of jobs and endpoints: what instances use of the machine, how models answer."""
import datetime
import json
import unittest

from harness import IMAGE, WithRoles, finished, training_request, upload_code, wait_for

BUCKET = "measured"
# Holds 200 MB and keeps one processor busy until it is told to end.
BUSY = """#!/usr/bin/python3
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
held = bytearray(os.urandom(1 << 20) * 200)
while True:
    sum(range(100000))
"""


class Metrics(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        upload_code(cls.daemon, BUCKET, {"busy": (BUSY, 0o755)})
        cls.cloudwatch = cls.daemon.client("cloudwatch")
        cls.sagemaker = cls.daemon.client("sagemaker")

    def sums(self, namespace, names, dimensions):
        """The sum and the average of each metric over the last hour; nothing of those without data."""
        now = datetime.datetime.now(datetime.timezone.utc)
        queries = [
            {"Id": f"m{index}{statistic.lower()}", "Label": f"{name} {statistic}", "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": [
                    {"Name": key, "Value": value} for key, value in dimensions.items()]},
                "Period": 3600, "Stat": statistic}}
            for index, name in enumerate(names) for statistic in ("Sum", "Average", "p50")]
        told = self.cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(minutes=1))["MetricDataResults"]
        return {one["Label"]: sum(one["Values"]) for one in told if one["Values"]}

    def test_of_a_training_job(self):
        self.sagemaker.create_training_job(**training_request(
            "busy", self.job_role, BUCKET, "busy",
            InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data"}}}]))
        names = ("CPUUtilization", "MemoryUtilization")

        def used():
            told = self.sums("/aws/sagemaker/TrainingJobs", names, {"Host": "busy/algo-1"})
            # The first look may have come before the program had begun.
            return told if told.get("MemoryUtilization Sum", 0) > 1 else None
        told = wait_for(used, 60, "what the job uses")
        self.sagemaker.stop_training_job(TrainingJobName="busy")
        self.assertEqual(finished(self.daemon, "busy")["TrainingJobStatus"], "Stopped")
        self.assertGreater(told["CPUUtilization Sum"], 5)
        self.assertLessEqual(told["MemoryUtilization Average"], 100)
        found = self.cloudwatch.list_metrics(Namespace="/aws/sagemaker/TrainingJobs")["Metrics"]
        self.assertEqual(sorted(metric["MetricName"] for metric in found), sorted(names))

    def test_of_an_endpoint(self):
        name = "measured"
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.job_role, PrimaryContainer={
                "Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/code/sourcedir.tar.gz",
                "Environment": {"SAGEMAKER_PROGRAM": "noop-model", "SAGEMAKER_SUBMIT_DIRECTORY":
                                f"s3://{BUCKET}/code/sourcedir.tar.gz"}})
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "only", "ModelName": name, "InitialInstanceCount": 1,
            "InstanceType": "ml.c4.xlarge", "InitialVariantWeight": 1}])
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        wait_for(lambda: self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] ==
                 "InService", 60, "the endpoint")
        runtime = self.daemon.client("sagemaker-runtime")
        for _ in range(5):
            runtime.invoke_endpoint(EndpointName=name, Body=json.dumps([[1]]),
                                    ContentType="application/json")
        with self.assertRaises(runtime.exceptions.ModelError):
            runtime.invoke_endpoint(EndpointName=name, Body=b"{", ContentType="application/json")
        names = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors",
                 "InvocationModelErrors", "ModelLatency")
        dimensions = {"EndpointName": name, "VariantName": "only"}

        def counted():
            told = self.sums("AWS/SageMaker", names, dimensions)
            return told if told.get("Invocations Sum") == 6 else None
        told = wait_for(counted, 60, "the invocations' metrics")
        self.assertEqual(told["Invocation4XXErrors Sum"], 1)
        self.assertAlmostEqual(told["Invocation4XXErrors Average"], 1 / 6)
        self.assertEqual(told["Invocation5XXErrors Sum"], 0)
        self.assertEqual(told["InvocationModelErrors Sum"], 1)
        self.assertGreater(told["ModelLatency p50"], 0)
        self.assertLess(told["ModelLatency Average"], 60e6)
        wait_for(lambda: "MemoryUtilization Sum" in self.sums(
            "/aws/sagemaker/Endpoints", ("MemoryUtilization",), dimensions), 60, "its instance's")


if __name__ == "__main__":
    unittest.main()
