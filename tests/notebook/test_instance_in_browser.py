"""What a person sees who opens the presigned URL of a notebook instance: the tutorial's calls, run in
its JupyterLab as its role, with graphs and links as in `trainyard notebook`.
"""
import json
import unittest

import nbformat
from instance import Instance, daemon_with_jupyter
from lab import CONSOLE, DATA, LIBRARY, TRAIN_SH, InBrowser, tutorial_notebook

from harness import wait_for


class OfAnInstance(unittest.TestCase, InBrowser):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon_with_jupyter().start()
        cls.addClassCleanup(cls.daemon.close)
        made = cls.daemon.command("init")
        assert made.returncode == 0, made.stderr
        role = cls.daemon.client("iam").get_role(
            RoleName="AmazonSageMaker-ExecutionRole")["Role"]["Arn"]
        cls.lab = Instance(cls.daemon, "Tutorial")
        cls.lab.create(role)
        cls.lab.until("InService")
        cls.door = f"http://{cls.lab.host()}/"
        cls.lab.enter()
        cls.lab.write("train.sh", TRAIN_SH)
        cls.lab.call("/api/contents/data", "PUT", {"type": "directory"})
        cls.lab.write("data/part-0.csv", DATA)
        cls.lab.call("/api/contents/pipeline.ipynb", "PUT", {
            "type": "notebook", "content": json.loads(nbformat.writes(tutorial_notebook()))})
        cls.start_browser()

    def enter(self, page):
        page.goto(self.lab.presigned())

    def test_the_tutorials_pipeline(self):
        page = self.open()
        arn = self.check_the_tutorials_pipeline(page, "instance-")
        page.keyboard.press("Control+s")
        saved = wait_for(
            lambda: (text := self.lab.read("pipeline.ipynb")) and LIBRARY in text and text, 30,
            "saving")
        self.assertIn(CONSOLE + arn, saved)
        self.assertNotIn("_trainyard", saved)


if __name__ == "__main__":
    unittest.main()
