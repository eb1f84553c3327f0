"""Python programs as training jobs: what they are told, what runs them, what they need installed.

PyTorch's part is skipped where the interpreter of the runtimes table has none.
"""
import io
import json
import pathlib
import random
import struct
import subprocess
import tarfile
import unittest
import zipfile

from harness import (BIN, ROOT, Daemon, WithRoles, finished, logs_of, make_roles, source_archive,
                     training_request)

PYTHON = "/usr/bin/python3"
MNIST = ROOT / "examples/mnist/mnist.py"


def has_torch():
    return subprocess.run([PYTHON, "-c", "import torch, torchvision"],
                          capture_output=True).returncode == 0


def digits(count, seed):
    """IDX files of images in which the place of a bright square tells the digit."""
    chance = random.Random(seed)
    images = bytearray(struct.pack(">IIII", 2051, count, 28, 28))
    labels = bytearray(struct.pack(">II", 2049, count))
    for _ in range(count):
        digit = chance.randrange(10)
        image = bytearray(chance.randrange(32) for _ in range(784))
        row, column = 2 + 12 * (digit // 5), 1 + 5 * (digit % 5)
        for y in range(row, row + 9):
            image[28 * y + column:28 * y + column + 5] = b"\xff" * 5
        images += image
        labels.append(digit)
    return bytes(images), bytes(labels)


def wheel(name, version, code):
    """A wheel of one module."""
    info = f"{name}-{version}.dist-info"
    files = {f"{name}.py": code,
             f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return buffer.getvalue()


class PythonTraining(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.daemon.client("s3")
        cls.s3.create_bucket(Bucket="code")

    def start(self, name, files, program="train.py", hyperparameters=None, **changes):
        self.s3.put_object(Bucket="code", Key=f"{name}/sourcedir.tar.gz", Body=source_archive(
            {file: content if isinstance(content, tuple) else (content, 0o644)
             for file, content in files.items()}))
        request = training_request(name, self.job_role, "code", program, **changes)
        request["HyperParameters"]["sagemaker_submit_directory"] = json.dumps(
            f"s3://code/{name}/sourcedir.tar.gz")
        request["HyperParameters"].update(hyperparameters or {})
        self.daemon.client("sagemaker").create_training_job(**request)

    def completed(self, name, seconds=120):
        described = finished(self.daemon, name, seconds)
        self.assertEqual(described["TrainingJobStatus"], "Completed",
                         (described.get("FailureReason"), self.lines(name)))
        return described

    def lines(self, name):
        streams = logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", name + "/")
        return [line for stream in streams.values() for line in stream]

    def model(self, name):
        body = self.s3.get_object(Bucket="code", Key=f"models/{name}/output/model.tar.gz")["Body"]
        with tarfile.open(fileobj=io.BytesIO(body.read())) as archive:
            return {member.name: archive.extractfile(member).read()
                    for member in archive if member.isfile()}

    def test_what_a_script_is_told(self):
        script = """
import json, os, sys, pathlib
import helper, sagemaker_containers, sagemaker_training
from sagemaker_training import environment
print("told", json.dumps([sys.argv, os.getcwd(), helper.NAME, os.environ["MASTER_ADDR"],
                          os.environ["SM_HP_BACKEND"], sys.path[0],
                          os.environ["PYTHONPATH"].split(":")[:2],
                          sagemaker_containers.training_env().hyperparameters["epochs"],
                          environment.Environment().current_host]))
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text("weights")
"""
        self.start("told", {"train.py": script, "helper.py": "NAME = 'mine'"},
                   hyperparameters={"flag": "true", "list": "[1, 2]"})
        self.completed("told")
        lines = self.lines("told")
        told = next(json.loads(line[5:]) for line in lines if line.startswith("told "))
        self.assertEqual(told, [
            ["train.py", "--backend", "gloo", "--epochs", "6", "--flag", "True", "--list",
             "[1, 2]"],
            "/opt/ml/code", "mine", "algo-1", "gloo", "/opt/ml/code",
            ["/opt/ml/code", "/opt/trainyard/python/shims"], 6, "algo-1"])
        self.assertEqual(self.model("told"), {"model.txt": b"weights"})
        self.assertTrue(any(line.endswith("Reporting training SUCCESS") for line in lines), lines)
        self.assertIn(f"{PYTHON} train.py --backend gloo --epochs 6 --flag True --list [1, 2]",
                      lines)
        self.assertTrue(any(f"Image pytorch-training:1.2.0-cpu-py3 is this host's {PYTHON} (Python"
                            in line and "asked PyTorch 1.2.0, " in line for line in lines), lines)

    def test_packages_and_requirements(self):
        setup = "from setuptools import setup, find_packages\n" \
                "setup(name='mine', version='1.5', packages=find_packages('src'), " \
                "package_dir={'': 'src'})\n"
        module = "import importlib.metadata, sys\n" \
                 "print('ran', importlib.metadata.version('mine'), sys.argv[1:3])\n"
        project = "[build-system]\nrequires = ['setuptools']\n" \
                  "build-backend = 'setuptools.build_meta'\n" \
                  "[project]\nname = 'mine'\nversion = '1.6'\n" \
                  "[tool.setuptools]\npackage-dir = {'' = 'src'}\npackages = ['inner']\n"
        package = {"src/inner/__init__.py": "", "src/inner/train.py": module}
        self.start("setup", {"setup.py": setup, **package}, "inner.train")
        self.start("project", {"pyproject.toml": project, **package}, "inner/train.py")
        # What is there already needs no index; ours stand for SageMaker's own.
        self.start("has-all", {"train.py": "print('ran')", "requirements.txt":
                               "sagemaker_containers\nsagemaker-training\npip\n"})
        for name, version in (("setup", "1.5"), ("project", "1.6")):
            self.completed(name)
            lines = self.lines(name)
            self.assertIn(f"ran {version} ['--backend', 'gloo']", lines)
            self.assertTrue(any(line.endswith(f"Installed: mine {version}") for line in lines))
        self.start("wheels", {"train.py": "import only_here\nprint('ran', only_here.WORD)",
                              "requirements.txt": "--find-links wheels\nonly_here==1.0\n",
                              "wheels/only_here-1.0-py3-none-any.whl":
                              wheel("only_here", "1.0", "WORD = 'here'")})
        self.completed("wheels")
        self.assertIn("ran here", self.lines("wheels"))
        self.assertTrue(any(line.endswith("Installed: only_here 1.0")
                            for line in self.lines("wheels")))
        self.completed("has-all")
        self.assertTrue(any(line.endswith("Nothing had to be installed")
                            for line in self.lines("has-all")))

    @unittest.skipUnless(has_torch(), "python3-torch is not installed (script/bootstrap --python)")
    def test_mnist_on_two_hosts(self):
        for part, count, seed in (("train", 640, 1), ("t10k", 100, 2)):
            images, labels = digits(count, seed)
            for kind, body in (("images-idx3", images), ("labels-idx1", labels)):
                self.s3.put_object(Bucket="code", Key=f"data/MNIST/raw/{part}-{kind}-ubyte",
                                   Body=body)
        channel = [{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://code/data"}}}]
        self.start("mnist", {"mnist.py": MNIST}, "mnist.py", InputDataConfig=channel,
                   hyperparameters={"epochs": "3", "batch-size": "16", "lr": "0.05",
                                    "log-interval": "5"},
                   ResourceConfig={"InstanceCount": 2, "InstanceType": "ml.c4.xlarge",
                                   "VolumeSizeInGB": 30})
        self.completed("mnist", 240)
        streams = logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", "mnist/")
        self.assertEqual(len(streams), 2)
        for rank, lines in enumerate(streams[name] for name in sorted(streams)):
            self.assertIn("Initialized the distributed environment: 'gloo' backend on 2 nodes. "
                          f"Current host rank is {rank}. Number of gpus: 0", lines)
            self.assertIn("Processes 320/640 (50%) of train data", lines)
            tests = [line for line in lines if line.startswith("Test set: ")]
            self.assertEqual(len(tests), 3)
            self.assertRegex(tests[-1], r"Average loss: .*, Accuracy: (\d\d|100)/100 ")
            self.assertTrue(any(line.startswith("Train Epoch: 3 [80/320 (25%)] Loss: ")
                                for line in lines), lines)
        # What another program reads: the names that the tutorial's has.
        pathlib.Path(self.daemon.data, "model.pth").write_bytes(self.model("mnist")["model.pth"])
        keys = subprocess.run([PYTHON, "-c", "import torch, sys\nprint(sorted(torch.load("
                               "sys.argv[1])))", self.daemon.data / "model.pth"],
                              capture_output=True, text=True, check=True).stdout
        self.assertEqual(keys.strip(), str(sorted(
            f"module.{layer}.{kind}" for layer in ("conv1", "conv2", "fc1", "fc2")
            for kind in ("weight", "bias"))))

    def test_images_and_interpreters(self):
        image = "example.org/team/mine:7"
        specification = {"TrainingImage": image, "TrainingInputMode": "File"}
        self.start("unknown", {"train.py": "print('ran')"}, AlgorithmSpecification=specification)
        self.completed("unknown")
        self.assertTrue(any(f"Image mine:7 is in no runtimes table: running on {PYTHON} (Python "
                            in line for line in self.lines("unknown")))
        self.start("absent", {"train.py": "print('ran')"},
                   Environment={"TRAINYARD_PYTHON": "/opt/none/bin/python"})
        described = finished(self.daemon, "absent")
        self.assertEqual((described["TrainingJobStatus"], described["FailureReason"]), (
            "Failed", "AlgorithmError: There is no Python interpreter /opt/none/bin/python in this "
            "instance, which TRAINYARD_PYTHON names: `trainyard runtimes` tells which there are."))


class Runtimes(unittest.TestCase):
    def test_a_table_of_ones_own(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        venv = daemon.data / "venv"
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", venv], check=True)
        (venv / "lib/python3.11/site-packages/only_here.py").write_text("WORD = 'here'")
        table = daemon.data / "runtimes.toml"
        table.write_text(f'[[runtime]]\nname = "mine"\nimages = ["example.org/*"]\n'
                         f'interpreter = "{venv}/bin/python"\nfolders = ["{venv}"]\n'
                         'environment = { COLOUR = "blue" }\n')
        done = subprocess.run([BIN / "trainyard", "runtimes", "--quick", "--data", daemon.data],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"ok   mine           {venv}/bin/python  Python 3.", done.stdout)
        self.assertIn("pytorch", done.stdout)
        daemon.start()
        role, _ = make_roles(daemon)
        s3 = daemon.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="code/sourcedir.tar.gz", Body=source_archive({"train.py": (
            "import os, only_here\nprint('found', only_here.WORD, os.environ['COLOUR'])", 0o644)}))
        daemon.client("sagemaker").create_training_job(**training_request(
            "own", role, "code", "train.py", AlgorithmSpecification={
                "TrainingImage": "example.org/any:1", "TrainingInputMode": "File"}))
        described = finished(daemon, "own")
        lines = str(logs_of(daemon, "/aws/sagemaker/TrainingJobs", "own/"))
        self.assertEqual(described["TrainingJobStatus"], "Completed", lines)
        self.assertIn("found here blue", lines)

    def test_mistakes(self):
        daemon = Daemon()
        self.addCleanup(daemon.close)
        (daemon.data / "runtimes.toml").write_text('[[runtime]]\nname = "a"\nimage = "b"\n')
        daemon.start(expect_ready=False)
        self.assertNotEqual(daemon.process.wait(timeout=30), 0)
        self.assertIn('runtimes.toml:3: a runtime has no "image"', daemon.tail())
        daemon.process.stdout.close()
        daemon.process = None
        (daemon.data / "runtimes.toml").write_text(
            '[[runtime]]\nname = "a"\nimages = ["b"]\ninterpreter = "/usr/none/python"\n')
        done = subprocess.run([BIN / "trainyard", "runtimes", "--quick", "--data", daemon.data],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no   a              /usr/none/python  /usr/none/python cannot be started: "
                      "No such file or directory", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
