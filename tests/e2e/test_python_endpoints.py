"""Endpoints whose models are Python: what clients get, and what they and the log are told when a
model, a request or a worker is bad. PyTorch's part is skipped where Debian's Python has none."""
import base64
import io
import json
import pathlib
import re
import struct
import subprocess
import tarfile
import tempfile
import unittest

from harness import BIN, REGION, SERVING_IMAGE, WithRoles, logs_of, source_archive, wait_for

PYTHON = "/usr/bin/python3"
BUCKET = "models"
NPY, JSON, CSV = "application/x-npy", "application/json", "text/csv"
UNWELL = ("The primary container for production variant AllTraffic did not pass the ping health "
          "check. Please check CloudWatch logs for this endpoint.")

NET = """
import os
import sagemaker_containers
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.one(x)

def model_fn(model_dir):
    model = torch.nn.DataParallel(Net())
    with open(os.path.join(model_dir, "model.pth"), "rb") as file:
        model.load_state_dict(torch.load(file))
    return model
"""

# One model file of each kind, as base64 lines: a state dictionary, TorchScript, TorchScript with
# another bias, TorchScript that answers two tensors.
MAKE_MODELS = """
import base64, io, torch

def show(save, model):
    stream = io.BytesIO(); save(model, stream)
    print(base64.b64encode(stream.getvalue()).decode())

class Pair(torch.nn.Module):
    def forward(self, x):
        return x, x + 1

state = {"module.one.weight": torch.tensor([[1.0, 10.0]]), "module.one.bias": torch.tensor([0.5])}
show(torch.save, state)
model = torch.nn.Linear(2, 1)
model.load_state_dict({"weight": state["module.one.weight"], "bias": state["module.one.bias"]})
show(torch.jit.save, torch.jit.script(model))
torch.nn.init.constant_(model.bias, 100)
show(torch.jit.save, torch.jit.script(model))
show(torch.jit.save, torch.jit.trace(Pair(), torch.ones(2)))
"""

PLAYED = """
import json, os, sys, time
def model_fn(model_dir):
    return sorted(os.listdir(model_dir))
def transform_fn(model, data, content_type, accept):
    word = data if isinstance(data, str) else data.decode()
    print("asked to", word)
    if word == "die":
        os._exit(9)
    if word == "hang":
        time.sleep(600)
    if word == "fail":
        raise ValueError("this one is bad")
    if word == "environment":
        return json.dumps(dict(os.environ))
    return json.dumps([model, word, content_type, accept])
"""


def npy(rows, bits=32):
    """Rows of float32 or float64 as NumPy writes them."""
    header = (f"{{'descr': '<f{bits // 8}', 'fortran_order': False, "
              f"'shape': ({len(rows)}, {len(rows[0])}), }}")
    header += " " * ((64 - (10 + len(header) + 1) % 64) % 64) + "\n"
    values = [value for row in rows for value in row]
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
            struct.pack(f"<{len(values)}{'f' if bits == 32 else 'd'}", *values))


def repacked(files):
    """As SDKs repack a model: the folder itself is the first member, under the name "/"."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            archive.add(folder, arcname="/")
        return stream.getvalue()


class PythonEndpoints(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.daemon.client("s3")
        cls.s3.create_bucket(Bucket=BUCKET)
        cls.sagemaker = cls.daemon.client("sagemaker")
        cls.runtime = cls.daemon.client("sagemaker-runtime")

    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def create(self, name, *arguments, **environment):
        """An endpoint of its own configuration."""
        self.create_config(name, *arguments, **environment)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.addCleanup(self.sagemaker.delete_endpoint, EndpointName=name)

    def create_config(self, name, model, code=None, program=None, **environment):
        """`model`: files of the archive, or the archive. `code`: files of an archive of its own."""
        if isinstance(model, dict):
            model = source_archive({file: (body, 0o644) for file, body in model.items()})
        variables = {"SAGEMAKER_REGION": REGION, "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
                     **environment}
        url = self.put(f"{name}/model.tar.gz", model)
        if program:
            variables["SAGEMAKER_PROGRAM"] = program
            variables["SAGEMAKER_SUBMIT_DIRECTORY"] = url if code is None else self.put(
                f"{name}/sourcedir.tar.gz",
                source_archive({file: (body, 0o644) for file, body in code.items()}))
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.job_role, PrimaryContainer={
                "Image": SERVING_IMAGE, "ModelDataUrl": url, "Environment": variables})
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
            {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": name,
             "VariantName": "AllTraffic"}])

    def ended(self, name):
        def look():
            described = self.sagemaker.describe_endpoint(EndpointName=name)
            return described if described["EndpointStatus"] != "Creating" else None
        described = wait_for(look, 120, f"end of {name}'s creation")
        return described["EndpointStatus"], described.get("FailureReason")

    def expect_in_service(self, name):
        self.assertEqual(self.ended(name), ("InService", None), self.log(name))

    def log(self, name):
        logs = self.daemon.client("logs")
        try:
            streams = logs_of(self.daemon, f"/aws/sagemaker/Endpoints/{name}", "AllTraffic/")
        except logs.exceptions.ResourceNotFoundException:
            return ""  # it has said nothing yet
        return "\n".join(line for stream in streams.values() for line in stream)

    def expect_log(self, name, *words):
        for expected in words:
            wait_for(lambda: expected in self.log(name), 20,
                     f"{expected!r} in the log:\n{self.log(name)}\n")

    def ask(self, name, body, content_type=JSON, **arguments):
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=body,
                                              ContentType=content_type, **arguments)
        return answer["ContentType"], answer["Body"].read()

    def expect_model_error(self, name, status, words, body, *arguments, **more):
        with self.assertRaises(self.runtime.exceptions.ModelError) as caught:
            self.ask(name, body, *arguments, **more)
        response = caught.exception.response
        self.assertEqual((response["Error"]["Code"],
                          response["ResponseMetadata"]["HTTPStatusCode"],
                          response["OriginalStatusCode"]), ("ModelError", 424, status), response)
        self.assertIn(words, response["OriginalMessage"])

    def models(self):
        done = subprocess.run([PYTHON, "-c", MAKE_MODELS], capture_output=True, text=True)
        if "No module named 'torch'" in done.stderr:
            self.skipTest(f"{PYTHON} has no PyTorch: {done.stderr.splitlines()[-1]}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [base64.b64decode(line) for line in done.stdout.split()]

    def expect_linear(self, name):
        """What both models answer, in every type."""
        expected = [[21.5], [43.5]]
        rows = [[1, 2], [3, 4]]
        for body, content_type in ((npy(rows), NPY), (json.dumps(rows).encode(), JSON),
                                   (b"1,2\n3,4\n", CSV)):
            told, answer = self.ask(name, body, content_type)
            self.assertEqual((told, json.loads(answer)), (JSON, expected))
            told, answer = self.ask(name, body, content_type, Accept=NPY)
            self.assertEqual((told, answer[-16:]), (NPY, struct.pack("<2d", 21.5, 43.5)))
            self.assertIn(b"'descr': '<f8'", answer)
            self.assertEqual(self.ask(name, body, content_type, Accept=CSV),
                             (CSV, b"21.5\n43.5\n"))

    def test_state_dict_with_model_fn(self):
        state = self.models()[0]
        self.create("state", {"model.pth": state}, {"net.py": NET}, "net.py")
        self.create("again", repacked({"model.pth": state, "code/net.py": NET}), None, "net.py")
        self.expect_in_service("state")
        self.expect_linear("state")
        self.expect_model_error("state", 500, "Content type a/b is not supported by this framework.",
                                b"1", "a/b")
        self.expect_model_error("state", 500, "Content type text/html is not supported", b"[[1, 2]]",
                                Accept="text/html")
        self.expect_model_error("state", 500, "Expecting value", b"no JSON")
        self.expect_log("state", "Traceback (most recent call last)", "UnsupportedFormatError",
                        "Image pytorch-inference:1.2.0-cpu-py3 is this host's")
        self.expect_in_service("again")
        self.expect_linear("again")

    @unittest.skipUnless((BIN / "trainyard-torch-server").exists(), "built without libtorch")
    def test_models_without_code(self):
        state, script, _, pair = self.models()
        self.create("script", {"model.pth": script})
        self.create("pair", {"model.pt": pair})
        self.create("no-script", {"model.pth": state})
        self.create("no-model", {"other.txt": b"x"})
        self.expect_in_service("script")
        self.expect_linear("script")
        for words, body, *more in (
                ("Content type a/b is not supported by this framework.", b"1", "a/b"),
                ("The body is not valid application/json", b"no JSON"),
                ("shapes cannot be multiplied", b"[[1, 2, 3]]"),
                ("RuntimeError: ", npy([[1, 2]], 64), NPY)):
            self.expect_model_error("script", 500, words, body, *more)
        self.expect_model_error("script", 500, "text/html is not supported", b"[[1, 2]]",
                                Accept="text/html")
        self.expect_log("script", "the model comes without code, and libtorch serves it",
                        "Serving on port 8080")
        self.assertNotIn("worker", self.log("script"))
        self.expect_in_service("pair")
        self.assertEqual(json.loads(self.ask("pair", b"[1, 2]")[1]), [[1, 2], [2, 3]])
        self.expect_log("pair", "its forward answers Tuple[Tensor, Tensor]", "worker 1 ")
        for name, words in (("no-script", "model.pth is a state_dict and no TorchScript model"),
                            ("no-model", "must have model.pt or exactly one .pt or .pth file")):
            self.assertEqual(self.ended(name), ("Failed", UNWELL))
            self.expect_log(name, words)

    def test_another_model_takes_over(self):
        _, script, shifted, _ = self.models()
        self.create("swap", {"model.pt": script})
        self.expect_in_service("swap")
        self.create_config("swapped", {"model.pt": shifted})
        self.sagemaker.update_endpoint(EndpointName="swap", EndpointConfigName="swapped")

        def swapped():
            answer = json.loads(self.ask("swap", b"[[1, 2]]")[1])  # somebody answers at all times
            self.assertIn(answer, ([[21.5]], [[121.0]]))
            described = self.sagemaker.describe_endpoint(EndpointName="swap")
            return described["EndpointStatus"] == "InService" and answer == [[121.0]]
        wait_for(swapped, 120, "the other model")
        self.assertEqual(self.sagemaker.describe_endpoint(EndpointName="swap")
                         ["EndpointConfigName"], "swapped")

    def test_requests_that_go_wrong(self):
        self.create("played", repacked({"model.txt": "m", "code/mine.py": PLAYED}), None, "mine.py",
                    SAGEMAKER_MODEL_SERVER_TIMEOUT="2")
        self.expect_in_service("played")
        told, answer = self.ask("played", b"well")
        self.assertEqual((told, json.loads(answer)),
                         (JSON, [["code", "model.txt"], "well", JSON, JSON]))
        self.expect_model_error("played", 500, "this one is bad", b"fail")
        self.expect_model_error("played", 500, "ended while it served this request", b"die")
        wait_for(lambda: self.serves("played"), 20, "a worker after the crash")
        self.expect_model_error("played", 504, "did not answer within 2 s", b"hang")
        wait_for(lambda: self.serves("played"), 20, "a worker after the time-out")
        self.expect_log("played", "asked to well", "ValueError: this one is bad",
                        "ended with exit code 9", "SAGEMAKER_MODEL_SERVER_TIMEOUT",
                        'code/mine.py", line 11 in transform_fn')  # where it hung

    def serves(self, name):
        try:
            return self.ask(name, b"well")
        except self.runtime.exceptions.ModelError as error:
            self.assertEqual(error.response["OriginalStatusCode"], 503)
            return None

    def test_workers_know_no_key_of_the_daemon(self):
        self.create("env", {"model.txt": b"m"}, {"mine.py": PLAYED}, "mine.py")
        self.expect_in_service("env")
        variables = json.loads(self.ask("env", b"environment")[1])
        everything = json.dumps(variables)
        for secret in (self.daemon.key, self.daemon.secret):
            self.assertNotIn(secret, everything)
        self.assertNotIn("AWS_SECRET_ACCESS_KEY", variables)
        self.assertRegex(variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], "^/")
        self.assertEqual(variables["PYTHONPATH"].split(":")[:2],
                         ["/opt/ml/model/code", "/opt/trainyard/python/shims"])

    def test_code_that_cannot_serve(self):
        cases = {
            "raises": ({"mine.py": "raise RuntimeError('no luck')"}, "RuntimeError: no luck"),
            "syntax": ({"mine.py": "def ("}, "SyntaxError"),
            "missing": ({"mine.py": "import no_such_module"}, "No module named 'no_such_module'"),
            "exits": ({"mine.py": "import os\nprint('about to')\nos._exit(4)"},
                      "could not load the model: it ended with exit code 4"),
            "requires": ({"mine.py": PLAYED, "requirements.txt": "no-such-package-of-ours==1.0"},
                         "cannot install requirements.txt"),
            "both": ({"mine.py": PLAYED + "def input_fn(a, b): pass"},
                     "Cannot use transform_fn implementation in conjunction with")}
        for name, (code, _) in cases.items():
            # No index is to be asked: there may be none here, or a slow one.
            self.create(name, {"model.txt": b"m"}, code, "mine.py", PIP_NO_INDEX="1")
        for name, (_, words) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.ended(name), ("Failed", UNWELL), self.log(name))
                self.expect_log(name, words)

    def test_requirements_that_are_there(self):
        self.create("required", {"model.txt": b"m"}, {
            "mine.py": PLAYED, "requirements.txt": "sagemaker_inference\n"}, "mine.py",
            PIP_NO_INDEX="1")
        self.expect_in_service("required")
        self.expect_log("required", "Nothing had to be installed")

    def test_several_workers(self):
        code = PLAYED.replace("os._exit(9)", "return str(os.getpid())")
        self.create("several", {"model.txt": b"m"}, {"mine.py": code}, "mine.py",
                    SAGEMAKER_MODEL_SERVER_WORKERS="2")
        self.expect_in_service("several")
        self.expect_log("several", "with 2 workers")
        wait_for(lambda: len(re.findall(r"worker \d \(process \d+\) is ready",
                                        self.log("several"))) == 2, 20, "two workers")


if __name__ == "__main__":
    unittest.main(verbosity=2)
