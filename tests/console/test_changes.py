"""What is changed by hand in the console is so at the services: notebook instances, aliases,
executions, endpoint configurations.
"""
import datetime
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

    def test_several_executions(self):
        """Those behind the first page of a list are found by name, and stopped together."""
        states = self.daemon.client("stepfunctions")
        machine = states.create_state_machine(
            name="patient", roleArn=self.flow_role, definition=json.dumps({
                "StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 3600,
                                                       "End": True}}}))["stateMachineArn"]
        for name in ["sought-1", "sought-2", *(f"other-{number}" for number in range(101))]:
            states.start_execution(stateMachineArn=machine, name=name)
        page = self.logged_in()
        self.go(page, f"#/statemachines/view/{machine}")
        panel = page.get_by_role("tabpanel")
        expect(panel).to_contain_text("other-100")
        expect(panel.get_by_role("button", name="Older executions")).to_be_visible()
        panel.get_by_label("Search by name").fill("SOUGHT")
        expect(panel.get_by_role("status").last).to_have_text("2 of 103 executions looked through")
        panel.get_by_role("button", name="Choose the 2 that run").click()
        self.look(page, "machine-search")
        panel.get_by_role("button", name="Stop 2").click()
        dialog = page.get_by_role("dialog", name="Stop 2 executions?")
        dialog.get_by_label("Cause").fill("Enough")
        dialog.get_by_role("button", name="Stop 2 executions").click()
        expect(dialog).to_have_count(0)
        expect(panel.get_by_role("row", name="Aborted")).to_have_count(2)
        stopped = states.list_executions(stateMachineArn=machine,
                                         statusFilter="ABORTED")["executions"]
        self.assertEqual({one["name"] for one in stopped}, {"sought-1", "sought-2"})
        self.assertEqual({states.describe_execution(executionArn=one["executionArn"])["cause"]
                          for one in stopped}, {"Enough"})
        # Days are the browser's, which is on this machine.
        tomorrow = datetime.date.today() + datetime.timedelta(days=1)
        panel.get_by_label("Started from").fill(tomorrow.isoformat())
        expect(panel).to_contain_text("No execution is like that")
        panel.get_by_role("link", name="Show all executions").click()
        expect(panel).to_contain_text("other-100")
        states.delete_state_machine(stateMachineArn=machine)
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
