"""Runs examples/mnist/tutorial.ipynb as a user does, with the real SDKs, and checks what came of
it.

usage: run_notebook.py [--epochs N] [--write FILE]

The Python that runs this is one of the environments that tools/venv makes of tools/locks; the
notebook's kernel is the same. With SageMaker's SDK 2.x the estimator gets the one argument that it
demands. --epochs changes the notebook's 6; --write leaves the notebook with its outputs.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "bench")]

import nbclient  # noqa: E402
import nbformat  # noqa: E402
import numpy  # noqa: E402

from harness import ACCOUNT, REGION, Daemon, wait_for  # noqa: E402
from mnist_data import mnist_folder  # noqa: E402

ROLE = "AmazonSageMaker-ExecutionRole"
NOTEBOOK = ROOT / "examples" / "mnist" / "tutorial.ipynb"
CELL_SECONDS_MAX = 300
TRAINING_SECONDS_MAX = 1500
ENDPOINT_SECONDS_MAX = 240
BATCH = 500
ACCURACY_MIN = 0.96
GROUP = "/aws/sagemaker/TrainingJobs"
V1 = importlib.metadata.version("sagemaker").startswith("1.")


def notebook_for(epochs):
    """The notebook, changed by as little as the SDK's version and --epochs ask for."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "PyTorch(" in cell.source:
            if not V1:
                cell.source = cell.source.replace(
                    "framework_version='1.2.0',",
                    "framework_version='1.2.0',\n                    py_version='py3',")
            if epochs is not None:
                cell.source = cell.source.replace("'epochs': 6", f"'epochs': {epochs}")
    return notebook


def work_folder(folder):
    """Where the notebook runs: its script, and MNIST where torchvision looks for it."""
    shutil.copy(NOTEBOOK.parent / "mnist.py", folder)
    raw = folder / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (mnist_folder() / "MNIST" / "raw").iterdir():
        shutil.copy(path, raw)
    return raw


def portable(notebook):
    """A copy of the notebook whose outputs do not tell where this machine keeps its packages."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "text" in output:
                lines = output.text.replace(sys.prefix, "/home/me/venv").splitlines(keepends=True)
                output.text = "".join(line for line in lines
                                      if not line.startswith("Looking in "))
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.get("text", "-").strip()]
    return copy


def idx(path):
    """The array in an IDX file: its last byte of the magic number tells how many dimensions."""
    data = path.read_bytes()
    shape = numpy.frombuffer(data, ">u4", data[3], 4)
    return numpy.frombuffer(data, numpy.uint8, -1, 4 + 4 * data[3]).reshape(shape)


def text_of(cell):
    """All that a cell has printed and shown, as one text."""
    parts = []
    for output in cell.outputs:
        parts.append(output.get("text", ""))
        for value in output.get("data", {}).values():
            parts.append(value if isinstance(value, str) else json.dumps(value))
    return "".join(parts)


class Tutorial(unittest.TestCase):
    options = None  # set by main

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        made = cls.daemon.command("init")
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.raw = work_folder(pathlib.Path(cls.folder.name))
        environment = cls.daemon.shell("--role", ROLE, "--proxy", "--sdk", "1" if V1 else "2")
        environment["PATH"] = f"{pathlib.Path(sys.prefix, 'bin')}:{environment['PATH']}"
        os.environ.clear()  # what `env` unsets must not stay
        os.environ.update(environment)
        cls.notebook = notebook_for(cls.options.epochs)
        nbclient.NotebookClient(cls.notebook, timeout=CELL_SECONDS_MAX, kernel_name="python3",
                                resources={"metadata": {"path": cls.folder.name}}).execute()
        if cls.options.write:
            nbformat.write(portable(cls.notebook), cls.options.write)

    def cell(self, call):
        """The output of the one code cell that has `call` in its source."""
        found, = [cell for cell in self.notebook.cells
                  if cell.cell_type == "code" and call in cell.source]
        return text_of(found)

    def test_the_notebook_and_what_follows(self):
        import sdk
        import sagemaker
        from stepfunctions.workflow import Workflow
        self.check_cells()
        machine = self.cell("pipeline.create()").strip().splitlines()[-1].strip("'\"")
        workflow = Workflow.attach(machine)
        execution, = workflow.list_executions()
        name = execution.name
        wait_for(lambda: execution.describe()["status"] != "RUNNING", TRAINING_SECONDS_MAX,
                 "end of the execution", pause=2)
        self.assertEqual(execution.describe()["status"], "SUCCEEDED", execution.list_events()[-2:])
        self.assertIn("EndpointArn", execution.get_output())
        self.check_events(execution)
        session = sagemaker.Session()
        self.check_logs(session, f"estimator-{name}")

        def endpoint():
            told = session.sagemaker_client.describe_endpoint(EndpointName=name)
            return told if told["EndpointStatus"] != "Creating" else None
        told = wait_for(endpoint, ENDPOINT_SECONDS_MAX, "the endpoint", pause=1)
        self.assertEqual(told["EndpointStatus"], "InService", told.get("FailureReason"))
        accuracy = self.accuracy(sdk.predictor(name, session))
        print(f"accuracy {accuracy}")
        self.assertGreaterEqual(accuracy, ACCURACY_MIN)
        self.delete(session, workflow, name)

    def check_cells(self):
        bucket = f"sagemaker-{REGION}-{ACCOUNT}"
        self.assertIn("Requirement already satisfied: stepfunctions", self.cell("pip install"))
        self.assertIn(f"s3://{bucket}/sagemaker/DEMO-pytorch-mnist", self.cell("upload_data("))
        self.assertIn("model_fn", self.cell("pygmentize"))
        definition = json.loads(self.cell("definition.to_json"))
        self.assertEqual(list(definition["States"]),
                         ["Training", "Create Model", "Configure Endpoint", "Deploy"])
        self.assertIn("sfn.StateMachineGraph", self.cell("render_graph"))
        self.assertIn(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:training-pipeline-",
                      self.cell("pipeline.create()"))
        self.assertIn("executions/details/arn:aws:states", self.cell("pipeline.execute()"))

    def check_events(self, execution):
        types = [event["type"] for event in execution.list_events()]
        self.assertEqual((types[0], types[-1]), ("ExecutionStarted", "ExecutionSucceeded"))
        self.assertEqual([types.count(kind) for kind in
                          ("TaskScheduled", "TaskSubmitted", "TaskSucceeded")], [4, 1, 4])

    def check_logs(self, session, job):
        logs = session.boto_session.client("logs")
        streams = [stream["logStreamName"] for stream in logs.describe_log_streams(
            logGroupName=GROUP, logStreamNamePrefix=f"{job}/")["logStreams"]]
        self.assertEqual([name.rsplit("/", 1)[1].rsplit("-", 1)[0] for name in streams],
                         ["algo-1", "algo-2"])
        for stream in streams:
            lines, token = [], {}
            while True:
                page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream,
                                           startFromHead=True, **token)
                lines += [event["message"] for event in page["events"]]
                if not page["events"]:
                    break
                token = {"nextToken": page["nextForwardToken"]}
            told = "\n".join(lines)
            self.assertIn("Initialized the distributed environment: 'gloo' backend on 2 nodes",
                          told)
            self.assertIn("Test set: Average loss: ", told)

    def accuracy(self, predictor):
        """The share of the 10,000 test digits that the endpoint knows."""
        images = idx(self.raw / "t10k-images-idx3-ubyte")
        labels = idx(self.raw / "t10k-labels-idx1-ubyte")
        right = 0
        for first in range(0, len(images), BATCH):
            batch = images[first:first + BATCH, None].astype(numpy.float32) / 255
            answer = predictor.predict((batch - numpy.float32(0.1307)) / numpy.float32(0.3081))
            self.assertEqual(answer.shape, (len(batch), 10))
            right += int((answer.argmax(1) == labels[first:first + BATCH]).sum())
        return right / len(images)

    def delete(self, session, workflow, name):
        client = session.sagemaker_client
        session.delete_endpoint(name)
        client.delete_endpoint_config(EndpointConfigName=name)
        client.delete_model(ModelName=name)
        workflow.delete()

        def gone():
            return not client.list_endpoints()["Endpoints"] and not workflow.list_workflows()
        wait_for(gone, 60, "end of endpoint and workflow")
        self.assertEqual(client.list_models()["Models"], [])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--write", type=pathlib.Path)
    Tutorial.options = parser.parse_args()
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
