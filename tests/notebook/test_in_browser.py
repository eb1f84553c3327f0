"""What a person sees who opens the link of `trainyard notebook`: JupyterLab in Debian's Chromium,
without proxy settings, further authorities or names outside of this machine, with the unmodified
SDKs. Graphs draw, progress has colours, links to executions open their pages, and what is saved is
what the SDK wrote.

Screenshots go to $TRAINYARD_SCREENSHOTS, if that is set.
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

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import nbformat  # noqa: E402
from stepfunctions.workflow.widgets import ExecutionGraphWidget  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

from harness import ACCOUNT, BIN, REGION, WithDaemon, wait_for  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
FLOW_ROLE = f"arn:aws:iam::{ACCOUNT}:role/StepFunctionsWorkflowExecutionRole"
STATES = ["Training", "Create Model", "Configure Endpoint", "Deploy"]
GREEN = "rgb(26, 127, 55)"
RED = "rgb(198, 40, 40)"
LIBRARY = "https://do0of8uwbahzz.cloudfront.net/sfn"
CONSOLE = f"https://console.aws.amazon.com/states/home?region={REGION}#/executions/details/"
# For anything that a page shows; a machine may be busy with other tests.
MILLISECONDS_MAX = 180_000

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}

TRAIN_SH = """#!/bin/sh
set -eu
sleep 1
echo done > "$SM_MODEL_DIR/model.txt"
"""

CELLS = [f"""\
import sagemaker
from sagemaker.pytorch import PyTorch
from stepfunctions.template.pipeline import TrainingPipeline

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()
inputs = session.upload_data('data', bucket, 'data')
estimator = PyTorch(entry_point='train.sh', role=role, framework_version='1.2.0',
                    train_instance_count=1, train_instance_type='ml.c4.xlarge')
pipeline = TrainingPipeline(estimator=estimator, role='{FLOW_ROLE}',
                            inputs=inputs, s3_bucket=bucket)""",
         "pipeline.render_graph()",
         "pipeline.create()\nexecution = pipeline.execute()\nexecution",
         "pipeline.workflow",
         "execution.get_output(wait=True)\nexecution.describe()['status']",
         "execution.render_progress()",
         "execution.render_progress(portrait=True)"]


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
        (cls.folder / "data" / "part-0.csv").write_text("1,2,3\n")
        cls.notebook = cls.folder / "pipeline.ipynb"
        nbformat.write(nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
            metadata=METADATA), cls.notebook)
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


class InBrowser(WithNotebook):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        expect.set_options(timeout=MILLISECONDS_MAX)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        cls.addClassCleanup(cls.browser.close)

    def open(self, name="pipeline.ipynb"):
        context = self.browser.new_context(viewport={"width": 1280, "height": 1500})
        self.addCleanup(context.close)
        context.set_default_timeout(MILLISECONDS_MAX)
        page = context.new_page()
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.link)
        expect(page).to_have_url(re.compile(r"/lab"))
        self.assertNotIn("token", page.url)
        page.goto(self.door + f"lab/tree/{name}?reset")  # without the tabs of another test
        return page

    def screenshot(self, page, name):
        if folder := os.environ.get("TRAINYARD_SCREENSHOTS"):
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pathlib.Path(folder, name + ".png"))

    def output(self, page, cell):
        return page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputArea")

    def run_all(self, page):
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        done = page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").filter(
            has_text=f"[{len(CELLS)}]:")
        failed = page.locator("[data-mime-type='application/vnd.jupyter.error']")
        try:
            done.or_(failed).first.wait_for()
        finally:
            self.screenshot(page, "ran")
        self.assertEqual(failed.all_inner_texts(), [])

    def check_graph(self, output, status, colour=None, tall=False):
        graph = output.locator(".workflowgraph svg")
        expect(graph).to_be_visible()
        states = graph.locator("[data-state]")
        self.assertEqual(states.evaluate_all("all => all.map(one => one.dataset.state)"), STATES)
        self.assertEqual(states.evaluate_all("all => all.map(one => one.dataset.status)"),
                         [status] * len(STATES))
        boxes = [state.bounding_box() for state in states.all()]
        for box in boxes:
            self.assertGreater(box["width"], 60)
            self.assertGreater(box["height"], 20)
        along, across = ("y", "x") if tall else ("x", "y")
        self.assertEqual(boxes, sorted(boxes, key=lambda box: box[along]))
        self.assertLess(max(b[across] for b in boxes) - min(b[across] for b in boxes), 100)
        if colour is not None:
            self.assertEqual(states.first.locator("rect").evaluate(
                "one => getComputedStyle(one).fill"), colour)

    def follow(self, page, link, name):
        with page.expect_popup() as opened:
            link.click()
        shown = opened.value
        expect(shown.locator("h1")).to_contain_text(name)
        expect(shown.locator("h1 .status")).to_have_text("SUCCEEDED")
        self.assertTrue(shown.url.startswith(self.door + "_trainyard/executions/arn:aws:states:"))
        expect(shown.locator("svg [data-status=succeeded]")).to_have_count(len(STATES))
        return shown

    def test_the_tutorials_pipeline(self):
        page = self.open()
        self.run_all(page)
        self.assertIn("SUCCEEDED", self.output(page, 4).inner_text())
        self.check_graph(self.output(page, 1), "pending")
        self.check_graph(self.output(page, 5), "succeeded", GREEN)
        self.check_graph(self.output(page, 6), "succeeded", GREEN, tall=True)
        self.assertEqual(self.output(page, 5).locator(".graph-legend .success").evaluate(
            "one => getComputedStyle(one).backgroundColor"), GREEN)
        self.screenshot(page, "notebook")
        link = self.output(page, 2).get_by_role("link")
        arn = link.inner_text()
        name = arn.rsplit(":", 1)[1]
        self.assertEqual(link.get_attribute("href"), CONSOLE + arn)
        self.screenshot(self.follow(page, link, name), "execution")
        self.follow(page, self.output(page, 5).get_by_role("link", name="Inspect"), name)
        with page.expect_popup() as opened:
            self.output(page, 3).get_by_role("link").click()
        machine = opened.value
        expect(machine.locator("svg [data-status=pending]")).to_have_count(len(STATES))
        machine.get_by_role("link", name=name).click()
        expect(machine.locator("h1 .status")).to_have_text("SUCCEEDED")
        self.assertEqual(self.complaints, [])
        self.check_what_is_saved(page, arn)

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
