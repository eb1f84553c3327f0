"""The tutorial by hand, in the browser alone, from nothing: roles and their policies, MNIST and the
program uploaded, the pipeline's state machine, its execution watched to the end, the job, and a digit
drawn for the endpoint to read. The program that trains and serves is the C++ example.
"""
import json
import os
import pathlib
import tempfile
import unittest

from playwright.sync_api import expect
from visit import WIDE, InConsole, exactly

from harness import (ACCOUNT, BIN, REGION, WORKFLOW_POLICY, WithDaemon, source_archive,
                     tutorial_definition, tutorial_input)
from mnist_data import mnist_folder

BUCKET = f"sagemaker-{REGION}-{ACCOUNT}"
JOB_ROLE = "AmazonSageMaker-ExecutionRole"
FLOW_ROLE = "StepFunctionsWorkflowExecutionRole"
RUN = "mnist-by-hand"
STATES = list(tutorial_definition()["States"])
EPOCHS = "2"
# Strokes from point to point, in parts of the pad's sides.
DIGITS = {7: [[(0.28, 0.24), (0.72, 0.24), (0.44, 0.82)]],
          1: [[(0.54, 0.18), (0.46, 0.82)]],
          0: [[(0.5, 0.18), (0.33, 0.27), (0.28, 0.5), (0.33, 0.73), (0.5, 0.82), (0.67, 0.73),
               (0.72, 0.5), (0.67, 0.27), (0.5, 0.18)]]}
PICTURE = {"width": 1280, "height": 880}
COLOUR = "(one) => getComputedStyle(one).borderTopColor"


def pipeline_input():
    """What the TrainingPipeline of the SDK would start its state machine with."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{JOB_ROLE}"
    given = tutorial_input(RUN, role, BUCKET, program="mnist", serving="mnist", instances=1)
    given["Training"]["HyperParameters"]["epochs"] = EPOCHS
    given["Training"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = (
        f"s3://{BUCKET}/mnist")
    return given


@unittest.skipIf(os.environ.get("TRAINYARD_LIBTORCH") == "OFF",
                 "built without libtorch: the example that trains and serves is not there")
class Tutorial(WithDaemon, InConsole):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="trainyard-console-")
        cls.addClassCleanup(folder.cleanup)
        cls.archive = pathlib.Path(folder.name, "sourcedir.tar.gz")
        cls.archive.write_bytes(source_archive({"mnist": (BIN / "mnist", 0o755)}))
        cls.start_browser()

    def test_by_hand(self):
        page = self.logged_in()
        self.make_job_role(page)
        self.make_workflow_role(page)
        self.upload(page)
        self.create_state_machine(page)
        self.start(page)
        execution = self.watch(page)
        self.look_at_the_job(page)
        page.goto(execution)
        self.open_the_endpoint(page)
        self.draw(page)
        self.assertEqual(self.complaints, [])

    def button(self, page, name):
        return page.get_by_role("button", name=exactly(name))

    def write(self, page, label, text):
        """As by pasting over all that an editor holds."""
        page.get_by_role("textbox", name=label).click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)

    def picture(self, page, name):
        """As README shows it."""
        page.set_viewport_size(PICTURE)
        self.settled(page)
        self.screenshot(page, name)
        page.set_viewport_size(WIDE)

    def create_role(self, page, service, name):
        page.get_by_role("link", name=exactly("IAM")).first.click()
        expect(page.get_by_role("heading", level=1, name="Roles")).to_be_visible()
        self.button(page, "Create role").first.click()
        dialog = page.get_by_role("dialog", name="Create role")
        dialog.get_by_role("radio", name=service).check()
        dialog.get_by_label("Role name").fill(name)
        self.button(dialog, "Create role").click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def make_job_role(self, page):
        self.create_role(page, "SageMaker", JOB_ROLE)
        policies = page.get_by_role("table", name="Policies")
        expect(policies).to_contain_text("AmazonSageMakerFullAccess")
        self.button(page, "Attach policies").click()
        dialog = page.get_by_role("dialog", name=f"Attach policies to {JOB_ROLE}")
        dialog.get_by_label("Find policies").fill("StepFunctions")
        dialog.get_by_label("AWSStepFunctionsFullAccess").check()
        self.button(dialog, "Attach policy").click()
        expect(policies).to_contain_text("AWSStepFunctionsFullAccess")
        self.screenshot(page, "console-tutorial-job-role")

    def make_workflow_role(self, page):
        self.create_role(page, "Step Functions", FLOW_ROLE)
        self.button(page, "Add inline policy").click()
        dialog = page.get_by_role("dialog", name=f"Add inline policy to {FLOW_ROLE}")
        dialog.get_by_label("Policy name").fill("StepFunctionsWorkflowExecutionPolicy")
        self.write(page, "Document", json.dumps(WORKFLOW_POLICY, indent=2))
        self.screenshot(page, "console-tutorial-inline-policy")
        self.button(dialog, "Create policy").click()
        expect(page.get_by_role("table", name="Policies")).to_contain_text(
            "StepFunctionsWorkflowExecutionPolicy")
        kept = self.daemon.client("iam").get_role_policy(
            RoleName=FLOW_ROLE, PolicyName="StepFunctionsWorkflowExecutionPolicy")
        self.assertEqual(kept["PolicyDocument"], WORKFLOW_POLICY)

    def upload_by(self, page, button, what, files):
        with page.expect_file_chooser() as chooser:
            self.button(page, button).click()
        chooser.value.set_files(what)
        expect(page.get_by_role("heading", name=f"Uploads: {files} of {files}")).to_be_visible()

    def create_folder(self, page, name):
        self.button(page, "Create folder").click()
        dialog = page.get_by_role("dialog", name="Create folder")
        dialog.get_by_label("Name").fill(name)
        self.button(dialog, "Create folder").click()
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def upload(self, page):
        page.get_by_role("link", name=exactly("Storage")).first.click()
        expect(page.get_by_role("heading", level=1, name="Buckets")).to_be_visible()
        self.button(page, "Create bucket").first.click()
        dialog = page.get_by_role("dialog", name="Create bucket")
        dialog.get_by_label("Name").fill(BUCKET)
        self.button(dialog, "Create bucket").click()
        expect(page.get_by_role("heading", level=1, name=BUCKET)).to_be_visible()
        self.create_folder(page, "mnist")
        self.upload_by(page, "Upload folder", mnist_folder() / "MNIST", 4)
        self.screenshot(page, "console-tutorial-upload")
        self.button(page, "Clear").click()
        page.get_by_role("list", name="Folders").get_by_role("link", name=BUCKET).click()
        expect(page.get_by_role("heading", level=1, name=BUCKET)).to_be_visible()
        self.create_folder(page, "code")
        self.upload_by(page, "Upload files", self.archive, 1)

    def create_state_machine(self, page):
        page.get_by_role("link", name=exactly("Workflows")).first.click()
        page.get_by_role("link", name="Create state machine").first.click()
        page.get_by_label("Begin with").select_option(label="Training pipeline: train, make a model, deploy it")
        expect(page.get_by_label("Role")).to_have_value(f"arn:aws:iam::{ACCOUNT}:role/{FLOW_ROLE}")
        for state in STATES:
            expect(page.locator(f"[data-state='{state}']")).to_be_visible()
        expect(page.get_by_text("No problems")).to_be_visible()
        # What is wrong is told while it is written, and cannot be saved.
        definition = tutorial_definition()
        definition["States"]["Deploy"]["Next"] = "Nowhere"
        self.write(page, "Definition", json.dumps(definition, indent=2))
        expect(page.locator(".editor-problems")).to_contain_text("error")
        expect(self.button(page, "Create")).to_be_disabled()
        self.screenshot(page, "console-tutorial-editor-wrong")
        self.write(page, "Definition", json.dumps(tutorial_definition(), indent=2))
        expect(page.get_by_text("No problems")).to_be_visible()
        self.screenshot(page, "console-tutorial-editor")
        self.button(page, "Create").click()
        expect(page.get_by_role("heading", level=1, name="TrainingPipeline")).to_be_visible()

    def start(self, page):
        page.get_by_role("link", name="Start execution").first.click()
        self.write(page, "Input as JSON", json.dumps(pipeline_input(), indent=2))
        page.get_by_label("Name (optional)").fill(RUN)
        self.screenshot(page, "console-tutorial-start")
        self.button(page, "Start execution").click()
        expect(page.get_by_role("heading", level=1, name=RUN)).to_be_visible()

    def watch(self, page):
        """The graph changes by itself: no reload, no click; returns the page's address."""
        page.evaluate("window.not_reloaded = true")
        training = page.locator("[data-state=Training]")
        expect(training).to_have_attribute("data-status", "running")
        pending = page.locator("[data-state=Deploy]")
        colours = [pending.evaluate(COLOUR), training.evaluate(COLOUR)]
        self.screenshot(page, "console-tutorial-running")
        for state in STATES:
            expect(page.locator(f"[data-state='{state}']")).to_have_attribute("data-status", "succeeded")
        expect(page.locator(".page-head .status")).to_have_text("Succeeded")
        colours.append(training.evaluate(COLOUR))
        self.assertEqual(len(set(colours)), 3, colours)
        self.assertTrue(page.evaluate("window.not_reloaded"))
        self.assertIn("#/executions/details/arn:aws:states:", page.url)
        return page.url

    def look_at_the_job(self, page):
        page.locator("[data-state=Training]").click()
        step = page.locator(".step-links")
        expect(step).to_contain_text("Completed")
        self.picture(page, "console-tutorial-execution")
        step.get_by_role("link", name=f"estimator-{RUN}").click()
        expect(page.get_by_role("heading", level=1, name=f"estimator-{RUN}")).to_be_visible()
        expect(page.locator(".page-head .status")).to_have_text("Completed")
        expect(page.locator(".log")).to_contain_text("Train Epoch")
        metrics = page.locator("section.panel").filter(has_text="Metrics").first
        expect(metrics.locator("canvas").first).to_be_visible()
        expect(metrics).to_contain_text("loss")
        self.whole_screenshot(page, "console-tutorial-job", WIDE)

    def open_the_endpoint(self, page):
        page.locator("[data-state=Deploy]").click()
        page.locator(".step-links").get_by_role("link", name=RUN).click()
        expect(page.get_by_role("heading", level=1, name=RUN)).to_be_visible()
        expect(page.locator(".page-head .status")).to_have_text("In service")

    def draw(self, page):
        pad = page.locator("canvas.draw-pad")
        for digit, strokes in reversed(DIGITS.items()):
            if self.button(page, "Clear").is_enabled():
                self.button(page, "Clear").click()
            frame = pad.bounding_box()
            for stroke in strokes:
                (x, y), *rest = [(frame["x"] + a * frame["width"], frame["y"] + b * frame["height"])
                                 for a, b in stroke]
                page.mouse.move(x, y)
                page.mouse.down()
                for x, y in rest:
                    page.mouse.move(x, y, steps=8)
                page.mouse.up()
            with self.subTest(digit=digit):
                expect(page.get_by_text(f"This is a {digit}, says the model")).to_be_visible(timeout=20_000)
        bars = page.get_by_role("list", name="Probabilities of the ten digits").get_by_role("listitem")
        expect(bars).to_have_count(10)
        self.picture(page, "console-tutorial-endpoint")


if __name__ == "__main__":
    unittest.main()
