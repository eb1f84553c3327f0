"""What goes wrong in a Python job, by its status and FailureReason, as SageMaker ends it. All jobs of
a table run side by side."""
import json
import os
import unittest

from harness import WithRoles, finished, logs_of, source_archive, training_request, wait_for
from test_job_faults import commands

PYTHON = "/usr/bin/python3"
COMMAND = f"{PYTHON} train.py --backend gloo --epochs 6"


def failed(code, words, command=COMMAND):
    """FailureReason of a program that failed so."""
    return (f"AlgorithmError: ExecuteUserScriptError:\nExitCode {code}\n"
            f'ErrorMessage "{words}"\nCommand "{command}"')


def traceback(line, call, *error, inside="<module>"):
    return "\n".join(["Traceback (most recent call last):",
                      f'  File "/opt/ml/code/train.py", line {line}, in {inside}', f"    {call}",
                      *error])


# Name, script, exact FailureReason.
FAILURES = [
    ("raises", "def work():\n    raise ValueError('no such thing')\nwork()",
     failed(1, 'Traceback (most recent call last):\n'
               '  File "/opt/ml/code/train.py", line 3, in <module>\n    work()\n'
               '  File "/opt/ml/code/train.py", line 2, in work\n'
               "    raise ValueError('no such thing')\nValueError: no such thing")),
    ("exits", "import sys\nsys.exit(3)", failed(3, "")),
    ("exits-with-words", "import sys\nsys.exit('not today')", failed(1, "not today")),
    ("does-not-parse", "def work(:\n    pass",
     failed(1, 'File "/opt/ml/code/train.py", line 1\n    def work(:\n             ^\n'
               "SyntaxError: invalid syntax")),
    ("imports-what-is-not-there", "import no_such_module",
     failed(1, traceback(1, "import no_such_module",
                         "ModuleNotFoundError: No module named 'no_such_module'"))),
    ("is-killed", "import os\nos.kill(os.getpid(), 9)", failed(137, "")),
    ("crashes", "import os\nos.abort()", failed(134, "")),
    ("fills-its-memory", "block = bytearray(1 << 40)",
     failed(1, traceback(1, "block = bytearray(1 << 40)", "            ^^^^^^^^^^^^^^^^^^",
                         "MemoryError"))),
    ("says-why", "import pathlib, sys\n"
                 "pathlib.Path('/opt/ml/output/failure').write_text('my own words')\nsys.exit(1)",
     "AlgorithmError: my own words"),
    ("uses-the-shim", "from sagemaker_training import files\nimport sys\n"
                      "files.write_failure_file('by the shim')\nsys.exit(1)",
     "AlgorithmError: by the shim"),
    ("rejects-arguments", "import argparse\nargparse.ArgumentParser().parse_args()",
     failed(2, "usage: train.py [-h]\ntrain.py: error: unrecognized arguments: --backend gloo "
               "--epochs 6")),
    ("writes-outside", "open('/usr/lib/x', 'w')",
     failed(1, traceback(1, "open('/usr/lib/x', 'w')",
                         "OSError: [Errno 30] Read-only file system: '/usr/lib/x'"))),
]


class PythonJobs(WithRoles):
    arguments = ("--egress", "none")  # what an index has, and whether there is one, decides nothing

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.daemon.client("s3")
        cls.s3.create_bucket(Bucket="code")

    def start(self, name, script, files=None, program="train.py", **changes):
        self.s3.put_object(Bucket="code", Key=f"{name}/sourcedir.tar.gz", Body=source_archive(
            {file: (text, 0o644) for file, text in {"train.py": script, **(files or {})}.items()
             if text is not None}))
        request = training_request(name, self.job_role, "code", program, **changes)
        request["HyperParameters"]["sagemaker_submit_directory"] = json.dumps(
            f"s3://code/{name}/sourcedir.tar.gz")
        self.daemon.client("sagemaker").create_training_job(**request)

    def ended(self, name, seconds=120):
        described = finished(self.daemon, name, seconds)
        return (described["TrainingJobStatus"], described["SecondaryStatus"],
                described.get("FailureReason"))

    def lines(self, name):
        streams = logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", name + "/")
        return [line for stream in streams.values() for line in stream]

    def test_a_script_that_ignores_sigterm(self):
        """It has 120 s after its SIGTERM, while the others run; the last test looks for its end."""
        self.start("a-ignores-sigterm", "import signal, time\n"
                   "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\n"
                   "while True: time.sleep(600)")
        wait_for(lambda: "deaf" in self.lines("a-ignores-sigterm"), 60, "the script")
        self.daemon.client("sagemaker").stop_training_job(TrainingJobName="a-ignores-sigterm")

    def test_failures(self):
        for name, script, _ in FAILURES:
            self.start(name, script)
        for name, _, reason in FAILURES:
            with self.subTest(name):
                self.assertEqual(self.ended(name), ("Failed", "Failed", reason), self.lines(name))
        hint = "has no module 'no_such_module': name its package in requirements.txt"
        self.assertTrue(any(hint in line for line in self.lines("imports-what-is-not-there")))

    def test_what_cannot_be_installed(self):
        setup = "from setuptools import setup\nsetup(name='mine', version='1', " \
                "py_modules=['train'], install_requires=['no-such-package'])\n"
        needs = f"{PYTHON} does not have all that it needs, and no package index can be reached " \
                "from this instance: No matching distribution found for no-such-package"
        for name, files, reason in (
                ("requirements", {"requirements.txt": "no-such-package==1.0\n"},
                 "InstallRequirementsError: cannot install requirements.txt: " + needs + "==1.0"),
                ("malformed", {"requirements.txt": "==\n"}, None),
                ("package", {"setup.py": setup},
                 "InstallModuleError: cannot install the package in /opt/ml/code: " + needs)):
            with self.subTest(name):
                self.start(name, "print('ran')", files)
                status, _, said = self.ended(name)
                self.assertEqual(status, "Failed", self.lines(name))
                if reason:
                    self.assertEqual(said, "AlgorithmError: " + reason)
                self.assertNotIn("\n", said)
                self.assertTrue(said.startswith("AlgorithmError: Install"), said)
                self.assertNotIn("ran", self.lines(name))

    def test_time_limit(self):
        self.start("hangs", "import time\nprint('begun')\ntime.sleep(600)",
                   StoppingCondition={"MaxRuntimeInSeconds": 1})
        self.assertEqual(self.ended("hangs"), ("Stopped", "MaxRuntimeExceeded", None))

    def test_daemons_end_with_the_job(self):
        mark = f"654.{os.getpid()}"
        self.start("forks", "import os, subprocess, sys, time\n"
                   f"subprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
                   "if os.fork() == 0:\n    os.setsid()\n"
                   "    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n"
                   "print('gone')")
        self.assertEqual(self.ended("forks"), ("Completed", "Completed", None))
        wait_for(lambda: not any(mark in command for command in commands().values()), 20, "no sleep")

    def test_a_volume_that_is_full(self):
        self.start("fills-its-volume", "import os, time\nfile = os.open('/opt/ml/model/big', "
                   "os.O_CREAT | os.O_WRONLY)\nos.posix_fallocate(file, 0, 3 << 30)\n"
                   "time.sleep(600)",
                   ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.c4.xlarge",
                                   "VolumeSizeInGB": 1})
        self.assertEqual(self.ended("fills-its-volume"), (
            "Failed", "Failed", "AlgorithmError: No space left on the instance's volume: its files "
            "take 3.00 GiB, and VolumeSizeInGB is 1. The program was ended."))

    def test_a_million_lines(self):
        self.start("talks", "for i in range(1_000_000): print('line', i)")
        self.assertEqual(self.ended("talks", 300), ("Completed", "Completed", None))
        logs = self.daemon.client("logs")
        stream = logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs",
                                           logStreamNamePrefix="talks/")["logStreams"][0]
        events = logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", limit=100,
                                     logStreamName=stream["logStreamName"])["events"]
        self.assertIn("line 999999", [event["message"] for event in events])

    def test_no_model(self):
        self.start("no-model", "print('done')")
        self.assertEqual(self.ended("no-model"), ("Completed", "Completed", None))

    def test_isolation(self):
        self.start("isolated", "import os, socket\nprint(sorted(name for name in os.environ if "
                   "name.startswith('AWS_') and name != 'AWS_REGION'))\n"
                   "socket.create_connection(('169.254.170.2', 80), timeout=5)",
                   EnableNetworkIsolation=True)
        status, _, reason = self.ended("isolated")
        self.assertEqual(status, "Failed")
        self.assertRegex(reason, r"ConnectionRefusedError|OSError: \[Errno 101\] Network is "
                                 r"unreachable|TimeoutError")
        self.assertIn("['AWS_DEFAULT_REGION', 'AWS_EC2_METADATA_DISABLED']",
                      self.lines("isolated"))
        self.start("outside", "import socket\nsocket.create_connection(('192.0.2.1', 80), 5)")
        status, _, reason = self.ended("outside")
        self.assertEqual(status, "Failed")
        self.assertIn("OSError: [Errno 101] Network is unreachable", reason)

    def test_z_the_deaf_one_was_killed(self):
        self.assertEqual(self.ended("a-ignores-sigterm", 180), ("Stopped", "Stopped", None))


if __name__ == "__main__":
    unittest.main(verbosity=2)
