"""Workflows of the Step Functions SDK against a daemon of a test's own, and their histories."""
import itertools
import json

from stepfunctions.workflow import Workflow

import sdk
from harness import ACCOUNT, REGION, WithRoles

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"


class WithFlows(WithRoles):
    """Tests of workflows that run as `flow_role`, with the statements `allowed` besides its own."""
    allowed = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sdk.connect(cls.daemon)
        cls.numbers = itertools.count(1)
        if cls.allowed:
            cls.daemon.client("iam").put_role_policy(
                RoleName=cls.flow_role.rpartition("/")[2], PolicyName="more",
                PolicyDocument=json.dumps({"Version": "2012-10-17",
                                           "Statement": list(cls.allowed)}))

    def workflow(self, definition, name=None, **settings):
        """One that has been created; its name is the test's, unless it is given."""
        own = self.id().rsplit(".", 1)[1].replace("_", "-")
        flow = Workflow(name or f"{own}-{next(self.numbers)}", definition, self.flow_role,
                        **settings)
        self.assertEqual(flow.create(), f"{ARN}:stateMachine:{flow.name}")
        self.addCleanup(flow.delete)
        return flow

    def run_to_end(self, definition, inputs=None, status="SUCCEEDED", **settings):
        """(execution, its output) of a new workflow, once it has ended with that status."""
        execution = self.workflow(definition, **settings).execute(inputs=inputs)
        return execution, self.end_of(execution, status)

    def end_of(self, execution, status="SUCCEEDED"):
        output = execution.get_output(wait=True)
        self.assertEqual(execution.describe()["status"], status, execution.list_events()[-3:])
        return output

    def error_of(self, execution, status="FAILED"):
        """(error, cause) of an execution, once it has ended with that status."""
        self.assertIsNone(self.end_of(execution, status))
        told = execution.describe()
        return told["error"], told.get("cause")


def sequence(execution):
    """"ID<PREVIOUS TYPE [STATE]" of each event of the execution's history."""
    return [f"{event['id']}<{event['previousEventId']} {event['type']}" +
            "".join(f" {details['name']}" for details in event.values()
                    if isinstance(details, dict) and "name" in details)
            for event in execution.list_events(max_items=1000)]


def details_of(execution, kind):
    """The details of all events of a type, in their order; one that has none is {}."""
    member = kind[0].lower() + kind[1:] + "EventDetails"
    if "StateEntered" in kind or "StateExited" in kind:
        member = f"state{kind.partition('State')[2]}EventDetails"
    return [event.get(member, {}) for event in execution.list_events(max_items=1000)
            if event["type"] == kind]


def outputs_of(execution, kind):
    """The outputs, as values, in the details of all events of a type."""
    return [json.loads(details["output"]) for details in details_of(execution, kind)]
