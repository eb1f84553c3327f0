"""What is changed by hand in the console is so at the services: notebook instances, aliases, endpoint
configurations.
"""
import json
import sys
import unittest

from playwright.sync_api import expect
from visit import ROOT, InConsole, exactly

sys.path.insert(0, str(ROOT / "tests" / "notebook"))

from harness import SERVING_IMAGE, make_roles  # noqa: E402
from instance import daemon_with_jupyter  # noqa: E402


class ByHand(unittest.TestCase, InConsole):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon_with_jupyter().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.job_role, cls.flow_role = make_roles(cls.daemon)
        cls.start_browser()

    def confirm(self, page, action):
        page.get_by_role("button", name=exactly(action)).click()
        page.get_by_role("dialog").get_by_role("button", name=f"{action} notebook instance").click()

    def test_a_notebook_instance(self):
        """Made, opened in a tab of its own, stopped, deleted."""
        page = self.logged_in()
        self.go(page, "#/notebooks")
        page.get_by_role("button", name="Create notebook instance").first.click()
        dialog = page.get_by_role("dialog", name="Create notebook instance")
        dialog.get_by_label("Name").fill("lab")
        dialog.get_by_label("Role").fill(self.job_role)
        dialog.get_by_role("button", name=exactly("Create")).click()
        expect(dialog).to_have_count(0)
        self.go(page, "#/notebooks/lab")
        expect(page.locator("main")).to_contain_text("In service")
        self.look(page, "notebook")
        with page.context.expect_page() as opened:
            page.get_by_role("button", name="Open Jupyter").click()
        expect(opened.value).to_have_title("JupyterLab")
        opened.value.close()
        self.confirm(page, "Stop")
        expect(page.locator("main")).to_contain_text("Stopped")
        self.confirm(page, "Delete")
        expect(page.locator("main")).to_contain_text("No notebook instance yet")
        self.assertEqual(self.complaints, [])

    def states(self, operation, *arguments):
        """By the AWS CLI: this environment's boto3 is from before versions and aliases."""
        return json.loads(self.daemon.cli("stepfunctions", operation, *arguments) or "{}")

    def published(self, machine):
        return self.states("publish-state-machine-version",
                           "--state-machine-arn", machine)["stateMachineVersionArn"]

    def test_an_alias(self):
        one, two = (json.dumps({"Comment": comment, "StartAt": "Done",
                                "States": {"Done": {"Type": "Succeed"}}}) for comment in ("1", "2"))
        machine = self.states("create-state-machine", "--name", "split", "--definition", one,
                              "--role-arn", self.flow_role)["stateMachineArn"]
        first = self.published(machine)
        self.states("update-state-machine", "--state-machine-arn", machine, "--definition", two)
        second = self.published(machine)
        alias = self.states(
            "create-state-machine-alias", "--name", "live", "--routing-configuration",
            json.dumps([{"stateMachineVersionArn": first, "weight": 100}]))["stateMachineAliasArn"]
        page = self.logged_in()
        self.go(page, f"#/statemachines/view/{machine}?tab=aliases")
        panel = page.get_by_role("tabpanel")
        panel.get_by_role("button", name="Of alias live").click()
        page.get_by_role("menuitem", name="Change alias").click()
        dialog = page.get_by_role("dialog", name="Change alias live")
        dialog.get_by_label("And a second version").select_option(second)
        dialog.get_by_label("Share of the first, in percent").fill("90")
        dialog.get_by_role("button", name="Save").click()
        expect(panel).to_contain_text("90 %")
        routes = self.states("describe-state-machine-alias", "--state-machine-alias-arn", alias)
        self.assertEqual({route["stateMachineVersionArn"]: route["weight"]
                          for route in routes["routingConfiguration"]}, {first: 90, second: 10})
        self.assertEqual(self.complaints, [])

    def test_an_endpoint_configuration(self):
        sagemaker = self.daemon.client("sagemaker")
        sagemaker.create_model(ModelName="kept", ExecutionRoleArn=self.job_role,
                               PrimaryContainer={"Image": SERVING_IMAGE})
        sagemaker.create_endpoint_config(EndpointConfigName="unused", ProductionVariants=[
            {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": "kept",
             "VariantName": "AllTraffic"}])
        page = self.logged_in()
        self.go(page, "#/endpointconfigs")
        row = page.get_by_role("row", name="unused")
        expect(row).to_contain_text("kept")
        row.get_by_role("button", name="Delete unused").click()
        page.get_by_role("button", name="Delete configuration").click()
        expect(page.locator("main")).to_contain_text("No endpoint configuration yet")
        self.assertEqual(sagemaker.list_endpoint_configs()["EndpointConfigs"], [])
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    unittest.main()
