#!/usr/bin/env python3
"""One host, one thread, one seed: mnist.py and the C++ program end with the same weights, bit for
bit, and each answers with the other's model what the other answers.

Usage: bit_equal_test.py PROGRAM (the C++ example). TRAINYARD_MNIST names a folder with the real
images (MNIST/raw in it); otherwise a few are made here. Exit status 77, and the reason, where
Debian's python3-torch and python3-torchvision are not installed.
"""
import importlib.util
import io
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE / "mnist.py"
EPOCHS = 2
SKIPPED = 77
START_S = 60

try:
    import numpy
    import torch
    import torchvision  # noqa: F401: mnist.py needs it
except ImportError as error:
    print(f"skipped: {error} (script/bootstrap --python installs it)")
    sys.exit(SKIPPED)


def write_images(raw, kind, count):
    """Noise with a bright bar whose place tells the digit; a last batch that is not full."""
    random = numpy.random.default_rng(count)
    labels = random.integers(0, 10, count, dtype=numpy.uint8)
    images = random.integers(0, 120, (count, 28, 28), dtype=numpy.uint8)
    for image, label in zip(images, labels):
        image[2 * label + 2:2 * label + 4, 4:24] = 255
    (raw / f"{kind}-images-idx3-ubyte").write_bytes(
        struct.pack(">IIII", 0x0803, count, 28, 28) + images.tobytes())
    (raw / f"{kind}-labels-idx1-ubyte").write_bytes(
        struct.pack(">II", 0x0801, count) + labels.tobytes())


def data_folder(folder):
    given = os.environ.get("TRAINYARD_MNIST")
    if given:
        return pathlib.Path(given)
    raw = folder / "data/MNIST/raw"
    raw.mkdir(parents=True)
    write_images(raw, "train", 1000)
    write_images(raw, "t10k", 300)
    return folder / "data"


def train(command, folder, data, seed):
    """What the container says, as environment variables; the log is returned."""
    model = folder / "model"
    model.mkdir(parents=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                   "SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1", "SM_NUM_GPUS": "0",
                   "SM_MODEL_DIR": str(model), "SM_CHANNELS": '["training"]',
                   "SM_CHANNEL_TRAINING": str(data), "SM_OUTPUT_DIR": str(folder / "output"),
                   "SAGEMAKER_BASE_DIR": str(folder)}
    arguments = ["--epochs", str(EPOCHS), "--seed", str(seed), "--backend", "gloo",
                 "--log-interval", "5"]
    done = subprocess.run([*command, *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    return model, [line for line in done.stdout.splitlines() if line]


class Server:
    """The C++ program serving a model folder."""

    def __init__(self, program, model, folder):
        environment = {**os.environ, "SM_MODEL_DIR": str(model), "SAGEMAKER_BIND_TO_PORT": "0",
                       "SAGEMAKER_MODEL_SERVER_WORKERS": "1", "SAGEMAKER_BASE_DIR": str(folder)}
        self.process = subprocess.Popen([program, "serve"], env=environment, text=True,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line.startswith("Serving on port "), line
        self.url = f"http://127.0.0.1:{line.split()[-1]}"

    def predict(self, images):
        body = io.BytesIO()
        numpy.save(body, images)
        request = urllib.request.Request(f"{self.url}/invocations", body.getvalue(),
                                         {"Content-Type": "application/x-npy",
                                          "Accept": "application/x-npy"})
        with urllib.request.urlopen(request, timeout=START_S) as reply:
            return numpy.load(io.BytesIO(reply.read()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def load_script():
    spec = importlib.util.spec_from_file_location("mnist", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class BitEqual(unittest.TestCase):
    def test_weights_and_answers(self):
        torch.set_num_threads(1)
        script = load_script()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            data = data_folder(folder)
            for seed in (1, 20):
                ours, our_log = train([PROGRAM, "train"], folder / f"cpp{seed}", data, seed)
                theirs, their_log = train([sys.executable, SCRIPT], folder / f"python{seed}",
                                          data, seed)
                self.compare_logs(our_log, their_log)
                self.compare_weights(ours / "model.pth", theirs / "model.pth")
                self.compare_answers(script, folder, ours, theirs)

    def compare_logs(self, ours, theirs):
        told = [[line for line in log if line.startswith(("Train Epoch", "Test set", "Processes"))]
                for log in (ours, theirs)]
        self.assertGreater(len(told[0]), 2 * EPOCHS)
        self.assertEqual(*told)

    def compare_weights(self, ours, theirs):
        ours, theirs = torch.load(ours, weights_only=True), torch.load(theirs, weights_only=True)
        self.assertEqual(list(ours), list(theirs))
        self.assertEqual(sum(tensor.numel() for tensor in ours.values()), 21_840)
        for key, tensor in theirs.items():
            self.assertEqual(ours[key].dtype, tensor.dtype, key)
            self.assertTrue(torch.equal(ours[key], tensor), key)

    def compare_answers(self, script, folder, ours, theirs):
        """Each program with the model of each."""
        torch.manual_seed(5)
        images = torch.randn(7, 1, 28, 28)
        answers = []
        for model in (ours, theirs):
            net = script.model_fn(str(model)).eval()
            with torch.no_grad():
                answers.append(net(images).double().numpy())
            with Server(PROGRAM, model, folder) as server:
                answers.append(server.predict(images.numpy()))
        for answer in answers[1:]:
            numpy.testing.assert_array_equal(answer, answers[0])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(argv=[sys.argv[0]])
