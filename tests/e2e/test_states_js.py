"""The AWS SDK for JavaScript, as npm has it, against the daemon: runs the programs of states_js."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import REGION, ROOT, SERVING_IMAGE, WithRoles

NODE = pathlib.Path(os.environ.get("TRAINYARD_NODE_DIR", ROOT / "build" / "node"))
PROGRAMS = ROOT / "tests" / "e2e" / "states_js"
RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
NESTED = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "*", "Action": [
        "states:StartExecution", "states:DescribeExecution", "states:StopExecution"]},
    {"Effect": "Allow", "Resource": f"arn:aws:events:*:*:{RULE}",
     "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"]}]}


class StatesInJavaScript(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.client("iam").put_role_policy(RoleName="FlowRole", PolicyName="nested",
                                                 PolicyDocument=json.dumps(NESTED))
        # Node.js looks for packages beside and above a program.
        folder = tempfile.TemporaryDirectory(dir=NODE)
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        for program in PROGRAMS.glob("*.mjs"):
            shutil.copy(program, cls.folder)

    def run_program(self, name):
        clean = {variable: value for variable, value in os.environ.items()
                 if not variable.startswith(("AWS_", "NODE_"))}
        done = subprocess.run(
            [NODE / "bin" / "node", "--test", "--test-reporter=tap", self.folder / name],
            capture_output=True, text=True, timeout=300, env={
                **clean, "AWS_ENDPOINT_URL": self.daemon.url, "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": self.daemon.key, "AWS_SECRET_ACCESS_KEY": self.daemon.secret,
                "AWS_EC2_METADATA_DISABLED": "true", "TRAINYARD_ROLE": self.flow_role,
                "TRAINYARD_IMAGE": SERVING_IMAGE})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        written = (self.folder / name).read_text().count("\ntest(")
        self.assertEqual(len(passed), written, done.stdout)

    def test_the_sdk_is_the_one_that_the_lock_names(self):
        lock = json.loads((PROGRAMS / "package-lock.json").read_text())["packages"]
        for name, version in lock.pop("")["dependencies"].items():
            self.assertEqual(lock[f"node_modules/{name}"]["version"], version)
        for path, package in lock.items():
            installed = json.loads((NODE / path / "package.json").read_text())
            self.assertEqual(installed["version"], package["version"], path)
            self.assertTrue(package["integrity"].startswith("sha512-"), path)
            # No registry's name: npm asks the one that the machine is set up for. To write the lock
            # anew: npm install --package-lock-only --omit-lockfile-registry-resolved
            self.assertNotIn("resolved", package, path)

    def test_machines(self):
        self.run_program("machines.test.mjs")

    def test_callbacks(self):
        self.run_program("callbacks.test.mjs")


if __name__ == "__main__":
    unittest.main(verbosity=2)
