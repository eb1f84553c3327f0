"""What a user of the Python SDKs does after the tutorial, with the SDKs as PyPI has them: train with
live logs, attach, read metrics, deploy, predict, run and manage workflows, delete."""
import contextlib
import json
import pathlib
import shutil
import tempfile
import unittest
import warnings

warnings.simplefilter("ignore")

import boto3  # noqa: E402
import botocore.exceptions  # noqa: E402
import numpy  # noqa: E402
from stepfunctions import steps  # noqa: E402
from stepfunctions.template.pipeline import TrainingPipeline  # noqa: E402
from stepfunctions.workflow import Workflow  # noqa: E402
from stepfunctions.workflow.stepfunctions import ExecutionStatus  # noqa: E402

import sdk  # noqa: E402
from harness import ACCOUNT, BIN, REGION, WithRoles, logs_of, wait_for  # noqa: E402

TRAIN_SH = """#!/bin/sh
set -eu
echo "host $SM_CURRENT_HOST of $SM_HOSTS args $*"
ls "$SM_CHANNEL_TRAINING"
for epoch in 1 2; do echo "Train Epoch: $epoch Loss: 0.$epoch"; done
echo "weights of $SM_CURRENT_HOST" > "$SM_MODEL_DIR/model.txt"
if [ "${1:-}" = "--fail" ]; then echo "no such luck" >&2; exit 3; fi
"""
METRICS = [{"Name": "loss", "Regex": "Loss: ([0-9.]+)"}]
GROUP = "/aws/sagemaker/TrainingJobs"


class FollowOns(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = sdk.connect(cls.daemon)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        cls.program = folder / "train.sh"
        cls.program.write_text(TRAIN_SH)
        cls.serving = folder / "serving"
        cls.serving.mkdir()
        shutil.copy(BIN / "noop-model", cls.serving)
        (folder / "data").mkdir()
        (folder / "data" / "part-0.csv").write_text("1,2,3\n")
        cls.inputs = cls.session.upload_data(str(folder / "data"), key_prefix="data")
        cls.estimator = sdk.estimator(cls.session, cls.job_role, cls.program, instances=2,
                                      hyperparameters={"epochs": 6, "backend": "gloo"},
                                      metric_definitions=METRICS)
        with sdk.printed() as cls.told:
            cls.estimator.fit({"training": cls.inputs})
        cls.job = cls.estimator.latest_training_job.name

    def test_fit_shows_the_logs_of_both_hosts(self):
        told = self.told.getvalue()
        self.assertEqual(self.inputs, f"s3://{sdk.BUCKET}/data")
        for line in ("Starting - Starting the training job", "Completed - Training job completed",
                     'host algo-1 of ["algo-1","algo-2"] args --backend gloo --epochs 6',
                     'host algo-2 of ["algo-1","algo-2"]', "part-0.csv", "Train Epoch: 2 Loss: 0.2",
                     "Training seconds: ", "Billable seconds: "):
            self.assertIn(line, told)

    def test_attach_to_a_job(self):
        with sdk.printed() as told:
            attached = type(self.estimator).attach(self.job, sagemaker_session=self.session)
        self.assertIn("Completed - Training job completed", told.getvalue())
        if sdk.V1:  # later ones show the logs of jobs that still run
            self.assertIn("Train Epoch: 2 Loss: 0.2", told.getvalue())
        self.assertEqual(attached.latest_training_job.name, self.job)
        self.assertEqual(attached.model_data,
                         f"s3://{sdk.BUCKET}/{self.job}/output/model.tar.gz")
        self.assertEqual(attached.role, self.job_role)

    def test_analytics_of_a_job(self):
        frame = self.estimator.training_job_analytics.dataframe()
        # Both hosts' values of two epochs: within one minute, or two when it turned between.
        self.assertEqual(set(frame["metric_name"]), {"loss"})
        self.assertGreaterEqual(frame["value"].min(), 0.1)
        self.assertLessEqual(frame["value"].max(), 0.2)
        description = self.session.sagemaker_client.describe_training_job(TrainingJobName=self.job)
        final, = description["FinalMetricDataList"]
        self.assertEqual(final["MetricName"], "loss")
        self.assertAlmostEqual(final["Value"], 0.2, 5)

    def test_a_failed_job_says_why(self):
        failing = sdk.estimator(self.session, self.job_role, self.program,
                                hyperparameters={"fail": ""})
        with sdk.printed(), self.assertRaisesRegex(Exception, "Failed. Reason: AlgorithmError: "):
            failing.fit({"training": self.inputs})

    @contextlib.contextmanager
    def endpoints_told(self):
        """What fails while an endpoint starts fails with the endpoint's log."""
        try:
            yield
        except Exception as error:
            groups = self.daemon.client("logs").describe_log_groups(
                logGroupNamePrefix="/aws/sagemaker/Endpoints/")["logGroups"]
            told = {one["logGroupName"]: logs_of(self.daemon, one["logGroupName"], "AllTraffic")
                    for one in groups}
            raise AssertionError(json.dumps(told, indent=1)) from error

    def test_deploy_predict_delete(self):
        sagemaker = self.session.sagemaker_client
        with sdk.printed(), self.endpoints_told():
            predictor = self.estimator.deploy(1, "ml.m4.xlarge", entry_point="noop-model",
                                              source_dir=str(self.serving))
        name = sdk.endpoint_of(predictor)
        image = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
        numpy.testing.assert_array_equal(predictor.predict(image), image)
        again = sdk.predictor(name, self.session)
        numpy.testing.assert_array_equal(again.predict(image), image)
        sdk.speak_json(again)
        self.assertEqual(again.predict([[1.0, 2.0]]), [[1.0, 2.0]])
        model = sagemaker.describe_endpoint_config(
            EndpointConfigName=name)["ProductionVariants"][0]["ModelName"]
        predictor.delete_model()
        predictor.delete_endpoint()
        for call, named in ((sagemaker.describe_model, {"ModelName": model}),
                            (sagemaker.describe_endpoint_config, {"EndpointConfigName": name})):
            with self.assertRaisesRegex(botocore.exceptions.ClientError, "Could not find"):
                call(**named)

        def gone():
            try:
                sagemaker.describe_endpoint(EndpointName=name)
                return False
            except botocore.exceptions.ClientError as error:
                return "Could not find" in str(error)
        wait_for(gone, 60, "end of the endpoint")

    def test_the_training_pipeline(self):
        pipeline = TrainingPipeline(
            estimator=sdk.estimator(self.session, self.job_role, self.program, instances=2,
                                    hyperparameters={"epochs": 1}),
            role=self.flow_role, inputs={"training": self.inputs}, s3_bucket=sdk.BUCKET)
        machine = pipeline.create()
        self.assertEqual(machine, pipeline.create())  # known already
        self.assertIn("createTrainingJob.sync", pipeline.workflow.definition.to_json(pretty=True))
        pipeline.render_graph()
        execution = pipeline.execute()
        output = execution.get_output(wait=True)
        self.assertEqual(execution.describe()["status"], "SUCCEEDED", execution.list_events()[-2:])
        name = execution.execution_arn.rsplit(":", 1)[1]
        self.assertEqual(output["EndpointArn"],
                         f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{name}")
        self.assertEqual(execution.get_input()["Training"]["HyperParameters"]["epochs"], "1")
        types = [event["type"] for event in execution.list_events()]
        self.assertEqual((types[0], types[-1]), ("ExecutionStarted", "ExecutionSucceeded"))
        self.assertEqual(types.count("TaskSubmitted"), 1)
        self.assertEqual([event["type"] for event in execution.list_events(reverse_order=True)],
                         types[::-1])
        self.assertIn("Training", execution.render_progress().data)
        self.session.delete_endpoint(name)
        pipeline.workflow.delete()

    def test_workflows_are_managed(self):
        pause = steps.Wait("Pause", seconds=3600)
        flow = Workflow("managed", steps.Chain([steps.Pass("First"), pause]), self.flow_role)
        arn = flow.create()
        self.assertEqual(arn, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:managed")
        self.assertIn(arn, [one["stateMachineArn"] for one in Workflow.list_workflows()])
        same = Workflow("managed", steps.Pass("Other"), self.flow_role)
        self.assertEqual(same.create(), arn)  # found by the message of the refusal
        attached = Workflow.attach(arn)
        self.assertEqual(json.loads(attached.definition.to_json()),
                         json.loads(flow.definition.to_json()))
        execution = attached.execute(name="to-stop", inputs={"a": 1})
        running = attached.list_executions(status_filter=ExecutionStatus.Running)
        self.assertEqual([one.name for one in running], ["to-stop"])
        self.assertIsNone(execution.get_output())
        execution.stop(cause="enough", error="Tired")
        self.assertEqual(execution.describe()["status"], "ABORTED")
        last = execution.list_events(reverse_order=True, max_items=1)[0]
        self.assertEqual(last["executionAbortedEventDetails"], {"error": "Tired", "cause": "enough"})
        self.assertEqual(attached.update(definition=steps.Pass("Only", result={"b": 2})), arn)

        def answer():  # an execution may still begin with the definition of before
            return attached.execute().get_output(wait=True) == {"b": 2}
        wait_for(answer, 30, "the new definition")
        self.assertIn("to-stop", attached.list_executions(html=True).data)
        self.assertIn("managed", Workflow.list_workflows(html=True).data)
        attached.delete()
        wait_for(lambda: arn not in [one["stateMachineArn"] for one in Workflow.list_workflows()],
                 30, "end of the state machine")

    def test_steps_read_what_came_before(self):
        training = steps.TrainingStep(
            "Train", sdk.estimator(self.session, self.job_role, self.program),
            job_name="from-a-step", data={"training": self.inputs})
        model = steps.ModelStep("Save", training.get_expected_model(), "from-a-step",
                                instance_type="ml.c4.xlarge")
        flow = Workflow("steps", steps.Chain([training, model]), self.flow_role)
        flow.create()
        execution = flow.execute()
        output = execution.get_output(wait=True)
        self.assertIsNotNone(output, execution.list_events()[-2:])
        self.assertTrue(output["ModelArn"].endswith(":model/from-a-step"), output)
        description = self.session.sagemaker_client.describe_model(ModelName="from-a-step")
        self.assertEqual(description["PrimaryContainer"]["ModelDataUrl"],
                         f"s3://{sdk.BUCKET}/from-a-step/output/model.tar.gz")
        flow.delete()

    def test_own_metrics(self):
        watch = boto3.DEFAULT_SESSION.client("cloudwatch")
        watch.put_metric_data(Namespace="own", MetricData=[
            {"MetricName": "m", "Dimensions": [{"Name": "d", "Value": str(i)}], "Value": i,
             "Unit": "Count"} for i in range(500)])  # long enough to be sent packed
        names = watch.get_paginator("list_metrics").paginate(
            Namespace="own", Dimensions=[{"Name": "d", "Value": "7"}])
        metrics = [metric for page in names for metric in page["Metrics"]]
        self.assertEqual(metrics, [{"Namespace": "own", "MetricName": "m",
                                    "Dimensions": [{"Name": "d", "Value": "7"}]}])
        with self.assertRaises(watch.exceptions.InvalidParameterValueException) as caught:
            watch.put_metric_data(Namespace="own", MetricData=[
                {"MetricName": "m", "Value": 1, "StorageResolution": 7}])
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidParameterValue")


if __name__ == "__main__":
    unittest.main()
