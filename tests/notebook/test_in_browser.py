"""What a person sees who opens the link of `trainyard notebook`: JupyterLab in Debian's Chromium,
without proxy settings, further authorities or names outside of this machine, with the unmodified
SDKs. Graphs draw, progress has colours, links to executions open their pages, and what is saved is
what the SDK wrote.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

import nbformat
from lab import (CONSOLE, DATA, GREEN, LIBRARY, METADATA, RED, STATES, TRAIN_SH, InBrowser,
                 tutorial_notebook)
from playwright.sync_api import expect
from stepfunctions.workflow.widgets import ExecutionGraphWidget

from harness import BIN, WithDaemon, wait_for


class WithNotebook(WithDaemon):
    """And `trainyard notebook` on a folder: `link` as it is printed, `door` without the token."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = cls.daemon.command("init")
        assert made.returncode == 0, made.stderr
        home = tempfile.TemporaryDirectory(prefix="trainyard-home-")
        cls.addClassCleanup(home.cleanup)
        cls.home = pathlib.Path(home.name)
        cls.folder = cls.home / "work"
        cls.folder.mkdir()
        (cls.folder / "train.sh").write_text(TRAIN_SH)
        (cls.folder / "data").mkdir()
        (cls.folder / "data" / "part-0.csv").write_text(DATA)
        cls.notebook = cls.folder / "pipeline.ipynb"
        nbformat.write(tutorial_notebook(), cls.notebook)
        settings = cls.home / "jupyter" / "labconfig"
        settings.mkdir(parents=True)
        # Or it asks whether it may ask the internet for news.
        (settings / "page_config.json").write_text(json.dumps({"disabledExtensions": {
            "@jupyterlab/apputils-extension:announcements": True}}))
        cls.start_notebook()

    @classmethod
    def start_notebook(cls):
        cls.environment = {
            **os.environ, "HOME": str(cls.home), "JUPYTER_CONFIG_DIR": str(cls.home / "jupyter"),
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        cls.process = subprocess.Popen(
            [BIN / "trainyard", "notebook", "--data", cls.daemon.data, "--folder", cls.folder,
             "--listen", "127.0.0.1:0", "--no-browser"],
            env=cls.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cls.addClassCleanup(cls.stop_notebook)
        told = ""
        for line in cls.process.stdout:
            told += line
            if found := re.search(r"http://\S+token=\S+", line):
                cls.link = found.group()
                cls.door = cls.link.split("?")[0]
                return
        log = cls.daemon.data / "notebook.log"
        raise AssertionError(told + (log.read_text() if log.exists() else ""))

    @classmethod
    def stop_notebook(cls):
        if cls.process.poll() is None:
            cls.process.send_signal(signal.SIGINT)
        cls.process.wait(timeout=60)
        cls.process.stdout.close()


class UsersOwn(WithNotebook, InBrowser):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_browser()

    def enter(self, page):
        page.goto(self.link)

    def test_the_tutorials_pipeline(self):
        page = self.open()
        self.check_what_is_saved(page, self.check_the_tutorials_pipeline(page, ""))

    def check_what_is_saved(self, page, arn):
        page.keyboard.press("Control+s")
        saved = wait_for(lambda: LIBRARY in self.notebook.read_text() and self.notebook.read_text(),
                         30, "saving")
        self.assertIn(CONSOLE + arn, saved)
        self.assertNotIn("_trainyard", saved)
        # It is this user's own and so trusted: opened anew, it draws from what was saved.
        again = self.open()
        self.check_graph(self.output(again, 1), "pending")
        self.check_graph(self.output(again, 5), "succeeded", GREEN)

    def test_a_notebook_from_elsewhere(self):
        """Saved where AWS answered: until it is trusted here nothing of it runs, and links lead here
        all the same."""
        arn = "arn:aws:states:us-east-1:123456789012:execution:flow:run"
        task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModel"}
        definition = {"StartAt": STATES[0], "States": {
            name: {**task, **({"Next": after} if after else {"End": True})}
            for name, after in zip(STATES, [*STATES[1:], None])}}
        events = [{"id": 1, "type": "ExecutionStarted", "previousEventId": 0},
                  {"id": 2, "type": "TaskStateEntered", "previousEventId": 1,
                   "stateEnteredEventDetails": {"name": STATES[0], "input": "{}"}},
                  {"id": 3, "type": "TaskFailed", "previousEventId": 2},
                  {"id": 4, "type": "ExecutionFailed", "previousEventId": 3}]
        html = ExecutionGraphWidget(json.dumps(definition), json.dumps(events), arn).show().data
        cell = nbformat.v4.new_code_cell("execution.render_progress()", outputs=[
            nbformat.v4.new_output("execute_result", {"text/html": html}, execution_count=1)])
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=METADATA),
                       self.folder / "elsewhere.ipynb")
        page = self.open("elsewhere.ipynb")
        output = self.output(page, 0)
        link = output.get_by_role("link", name="Inspect")
        expect(link).to_be_visible()
        self.assertEqual(output.locator("[data-state]").count(), 0)
        with page.expect_popup() as opened:
            link.click()
        expect(opened.value.locator("h1")).to_have_text("ExecutionDoesNotExist")
        subprocess.run([pathlib.Path(sys.executable).parent / "jupyter-trust", "elsewhere.ipynb"],
                       cwd=self.folder, env=self.environment, check=True, capture_output=True,
                       timeout=60)
        page = self.open("elsewhere.ipynb")
        states = self.output(page, 0).locator(".workflowgraph svg [data-state]")
        expect(states).to_have_count(len(STATES))
        self.assertEqual(states.first.get_attribute("data-status"), "failed")
        self.assertEqual(states.first.locator("rect").evaluate(
            "one => getComputedStyle(one).fill"), RED)
        self.assertEqual(self.complaints, [])

    def test_without_the_link_there_is_no_access(self):
        for path in ("", "lab", "api/contents", "_trainyard/notebook.js",
                     "_trainyard/executions/arn:aws:states:us-east-1:0:execution:m:r"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(self.door + path, timeout=20)
            self.assertEqual(refused.exception.code, 403, path)
            refused.exception.close()


class AProgram(WithNotebook):
    """Without a browser, by the token."""

    def call(self, path, method="GET"):
        token = self.link.split("token=")[1]
        request = urllib.request.Request(self.door + path, method=method, headers={
            "Authorization": f"token {token}"}, data=b"{}" if method == "POST" else None)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def test_ctrl_c_ends_jupyter_and_its_kernels(self):
        kernel = self.call("api/kernels", "POST")["id"]
        self.assertEqual([one["id"] for one in self.call("api/kernels")], [kernel])
        wait_for(self.kernels, 30, "start of the kernel")
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(timeout=60), 0)
        self.assertIn("JupyterLab has ended.", self.process.stdout.read())
        self.assertEqual(self.kernels(), [])

    def kernels(self):
        """Command lines of processes with a connection file in our home."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace")
                if f"{self.home}/" in words and "kernel-" in words:
                    found.append(words.replace("\0", " "))
        return found


if __name__ == "__main__":
    unittest.main()
