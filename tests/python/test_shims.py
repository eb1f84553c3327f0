"""The shims of SageMaker's modules, as scripts import them."""
import importlib.metadata
import io
import json
import os
import pathlib
import pkgutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "python/shims"))
BASE = tempfile.TemporaryDirectory()
os.environ["SAGEMAKER_BASE_DIR"] = BASE.name
os.environ["SM_NUM_CPUS"] = "3"

CONFIG = pathlib.Path(BASE.name, "input/config")
CONFIG.mkdir(parents=True)
(CONFIG / "hyperparameters.json").write_text(json.dumps({
    "epochs": "6", "backend": '"gloo"', "batch-size": "64", "plain": "text",
    "sagemaker_program": '"mnist.py"', "sagemaker_job_name": '"job-1"', "sagemaker_other": "1",
    "sagemaker_submit_directory": '"s3://bucket/sourcedir.tar.gz"'}))
(CONFIG / "resourceconfig.json").write_text(json.dumps({
    "current_host": "algo-2", "hosts": ["algo-1", "algo-2"], "network_interface_name": "eth0"}))
(CONFIG / "inputdataconfig.json").write_text(json.dumps({"training": {}}))

import sagemaker_containers  # noqa: E402
import sagemaker_inference  # noqa: E402
import sagemaker_training  # noqa: E402
from sagemaker_containers.beta.framework import (  # noqa: E402
    content_types, encoders, env, errors, functions, mapping, modules, worker)
from sagemaker_training import environment, files  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None


class Shims(unittest.TestCase):
    def test_every_module_imports(self):
        for package in (sagemaker_containers, sagemaker_inference, sagemaker_training):
            for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                __import__(module.name)

    def test_pip_takes_them_for_installed(self):
        self.assertEqual(importlib.metadata.version("sagemaker-containers"),
                         "2.8.6.post2+trainyard")
        self.assertEqual(importlib.metadata.version("sagemaker_training"), "5.1.0+trainyard")

    def test_environment(self):
        for found in (environment.Environment(), env.TrainingEnv(),
                      sagemaker_containers.training_env(), sagemaker_training.training_env()):
            self.assertEqual(found.hyperparameters, {"epochs": 6, "backend": "gloo",
                                                     "batch-size": 64, "plain": "text"})
            self.assertEqual(found.channel_input_dirs,
                             {"training": BASE.name + "/input/data/training"})
            self.assertEqual((found.current_host, found.is_master, found.master_hostname),
                             ("algo-2", False, "algo-1"))
            self.assertEqual((found.user_entry_point, found.module_name, found.job_name),
                             ("mnist.py", "mnist", "job-1"))
            self.assertEqual((found.num_cpus, found.num_gpus), (3, 0))
            self.assertEqual(found.additional_framework_parameters, {"sagemaker_other": 1})
            self.assertEqual(found["hosts"], ["algo-1", "algo-2"])
            self.assertIn("model_dir", dict(found))
            self.assertEqual(found.to_cmd_args(), [
                "--backend", "gloo", "--batch-size", "64", "--epochs", "6", "--plain", "text"])
            variables = found.to_env_vars()
            self.assertEqual(variables["SM_HPS"],
                             '{"backend":"gloo","batch-size":64,"epochs":6,"plain":"text"}')
            self.assertEqual(variables["SM_HP_EPOCHS"], "6")
            self.assertEqual(variables["SM_CHANNEL_TRAINING"], BASE.name + "/input/data/training")

    def test_arguments(self):
        self.assertEqual(mapping.to_cmd_args({"b": True, "none": None, "l": [1, 2],
                                              "map": {"y": 1, "x": "a"}}),
                         ["-b", "True", "-l", "[1, 2]", "--map", "x=a,y=1", "--none", ""])

    def test_functions(self):
        def takes(a, b=1):
            return a, b
        self.assertEqual(functions.matching_args(takes, {"a": 1, "c": 2}), {"a": 1})
        with self.assertRaises(errors.ClientError):
            functions.error_wrapper(lambda: 1 / 0, errors.ClientError)()
        self.assertEqual(str(errors.ExecuteUserScriptError("./x", 3, b"words")),
                         'ExecuteUserScriptError:\nExitCode 3\nErrorMessage "words"\n'
                         'Command "./x"')
        with self.assertRaises(errors.ImportModuleError):
            modules.import_module("s3://bucket/x", "no_such_module")

    def test_files_and_answers(self):
        os.makedirs(environment.output_dir, exist_ok=True)
        files.write_failure_file("why")
        self.assertEqual(pathlib.Path(BASE.name, "output/failure").read_text(), "why")
        body, kind = worker.Response("[1]", mimetype=content_types.JSON)
        self.assertEqual((body, kind), ("[1]", "application/json"))

    @unittest.skipUnless(numpy, "numpy is not installed")
    def test_encoders(self):
        for kind, body in ((content_types.JSON, "[[1.5, 2.0], [3.0, 4.0]]"),
                           (content_types.CSV, "1.5,2.0\n3.0,4.0\n")):
            array = encoders.decode(body, kind)
            self.assertEqual(array.tolist(), [[1.5, 2.0], [3.0, 4.0]])
            self.assertEqual(encoders.encode(array, kind), body)
        array = encoders.decode(encoders.encode([[1, 2]], content_types.NPY), content_types.NPY)
        self.assertEqual(array.tolist(), [[1, 2]])
        self.assertEqual(encoders.decode("1,2", "text/csv; charset=utf-8").tolist(), [1, 2])
        self.assertEqual(encoders.decode("a,2", content_types.CSV).tolist(), ["a", "2"])
        self.assertEqual(encoders.encode(numpy.array([1, 2]), content_types.CSV), "1\n2\n")
        with self.assertRaises(errors.UnsupportedFormatError):
            encoders.decode("x", "image/png")
        objects = io.BytesIO()
        numpy.save(objects, numpy.array([{}], dtype=object))
        with self.assertRaises(ValueError):  # to read it would run what its sender chose
            encoders.decode(objects.getvalue(), content_types.NPY)


if __name__ == "__main__":
    unittest.main()
