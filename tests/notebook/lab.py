"""JupyterLab in Debian's Chromium, without further authorities: a notebook of the tutorial's calls,
run and looked at.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import nbformat  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

from browser import WithBrowser  # noqa: E402
from harness import ACCOUNT, REGION  # noqa: E402

FLOW_ROLE = f"arn:aws:iam::{ACCOUNT}:role/StepFunctionsWorkflowExecutionRole"
STATES = ["Training", "Create Model", "Configure Endpoint", "Deploy"]
GREEN = "rgb(26, 127, 55)"
RED = "rgb(198, 40, 40)"
LIBRARY = "https://do0of8uwbahzz.cloudfront.net/sfn"
CONSOLE = f"https://console.aws.amazon.com/states/home?region={REGION}#/executions/details/"

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

DATA = "1,2,3\n"


def tutorial_notebook():
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS], metadata=METADATA)


class InBrowser(WithBrowser):
    """For a test case whose class has a `door`: the address of JupyterLab, less the path; and whose
    `enter(page)` opens it as its user does."""

    def open(self, name="pipeline.ipynb"):
        page = self.new_context(viewport={"width": 1280, "height": 1500}).new_page()
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.enter(page)
        expect(page).to_have_url(re.compile(r"/lab"))
        self.assertNotIn("token", page.url)
        page.goto(self.door + f"lab/tree/{name}?reset")  # without the tabs of another test
        return page

    def output(self, page, cell):
        return page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputArea")

    def run_all(self, page, picture="ran"):
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        done = page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").filter(
            has_text=f"[{len(CELLS)}]:")
        failed = page.locator("[data-mime-type='application/vnd.jupyter.error']")
        try:
            done.or_(failed).first.wait_for()
        finally:
            self.screenshot(page, picture)
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

    def check_the_tutorials_pipeline(self, page, pictures):
        """Runs all cells, and looks at what they show; returns the execution's ARN. `pictures`: what
        the screenshots' names begin with."""
        self.run_all(page, pictures + "ran")
        self.assertIn("SUCCEEDED", self.output(page, 4).inner_text())
        self.check_graph(self.output(page, 1), "pending")
        self.check_graph(self.output(page, 5), "succeeded", GREEN)
        self.check_graph(self.output(page, 6), "succeeded", GREEN, tall=True)
        self.assertEqual(self.output(page, 5).locator(".graph-legend .success").evaluate(
            "one => getComputedStyle(one).backgroundColor"), GREEN)
        self.screenshot(page, pictures + "notebook")
        link = self.output(page, 2).get_by_role("link")
        arn = link.inner_text()
        name = arn.rsplit(":", 1)[1]
        self.assertEqual(link.get_attribute("href"), CONSOLE + arn)
        self.screenshot(self.follow(page, link, name), pictures + "execution")
        self.follow(page, self.output(page, 5).get_by_role("link", name="Inspect"), name)
        with page.expect_popup() as opened:
            self.output(page, 3).get_by_role("link").click()
        machine = opened.value
        expect(machine.locator("svg [data-status=pending]")).to_have_count(len(STATES))
        machine.get_by_role("link", name=name).click()
        expect(machine.locator("h1 .status")).to_have_text("SUCCEEDED")
        self.assertEqual(self.complaints, [])
        return arn
