"""Writes steps.json: a workflow of every state type as the Python SDK (stepfunctions 2.3.0) has it.

The C++ SDK's test builds the same and compares the texts. Run it where stepfunctions is installed:
    AWS_DEFAULT_REGION=us-east-1 python steps.py steps.json
"""
import pathlib
import sys

from stepfunctions.inputs import ExecutionInput, StepInput
from stepfunctions.steps import (Catch, Chain, Choice, ChoiceRule, Fail, Graph, Map, Parallel, Pass,
                                 Retry, Succeed, Task, Wait)
from stepfunctions.steps.integration_resources import IntegrationPattern
from stepfunctions.steps.service import StepFunctionsStartExecutionStep

execution = ExecutionInput()
bad = Fail("Bad", error="Orders.Bad", cause="no order was good")


def rules():
    """Every rule that the SDK makes, in its order of kinds."""
    all_rules = []
    for kind, value in [("String", "m"), ("Numeric", 5), ("Timestamp", "2026-11-29T08:00:00.000Z")]:
        for operator in ["Equals", "LessThan", "LessThanEquals", "GreaterThan",
                         "GreaterThanEquals"]:
            all_rules.append(getattr(ChoiceRule, kind + operator)("$.a", value))
            all_rules.append(getattr(ChoiceRule, kind + operator + "Path")("$.a", "$.b"))
    all_rules.append(ChoiceRule.BooleanEquals("$.a", True))
    all_rules.append(ChoiceRule.BooleanEqualsPath("$.a", "$.b"))
    all_rules.append(ChoiceRule.StringMatches("$.a", "log-*.txt"))
    for name in ["Present", "Null", "String", "Numeric", "Boolean", "Timestamp"]:
        all_rules.append(getattr(ChoiceRule, "Is" + name)(StepInput()["a"], name != "Null"))
    return all_rules


def main():
    sort = Choice("Sort")
    sort.add_choice(ChoiceRule.And([ChoiceRule.NumericGreaterThan("$.n", 0.5),
                                    ChoiceRule.Not(ChoiceRule.IsNull("$.orders", True))]), bad)
    sort.add_choice(ChoiceRule.Or(rules()), bad)

    rest = Wait("Rest", seconds=5)
    work = Task("Work", resource="arn:aws:states:us-east-1:000000000000:activity:work",
                parameters={"id": rest.output()["id"],
                            "fixed": {"deep": [{"run": execution["run"]}]}},
                timeout_seconds=60, heartbeat_seconds=20)
    work.add_retry(Retry(error_equals=["States.Timeout"], interval_seconds=2, max_attempts=4,
                         backoff_rate=1.5))
    work.add_retry(Retry(error_equals=["States.ALL"]))
    each = Map("Each", items_path="$.orders", max_concurrency=3,
               iterator=Chain([rest, work]),
               parameters={"id.$": "$$.Map.Item.Value.id", "index.$": "$$.Map.Item.Index"},
               result_path="$.done")
    each.add_catch(Catch(error_equals=["States.TaskFailed"], result_path="$.error",
                         next_step=bad))

    both = Parallel("Both", comment="side by side")
    both.add_branch(Wait("Until", timestamp="2026-11-29T08:00:00.000Z"))
    both.add_branch(Chain([Wait("By Input", seconds_path="$.s"),
                           Wait("At Input", timestamp_path="$.t"),
                           Succeed("Enough", output_path="$.s")]))
    both.add_retry(Retry(error_equals=["States.BranchFailed"], max_attempts=1))
    both.add_catch(Catch(error_equals=["States.ALL"], next_step=bad))

    nested = StepFunctionsStartExecutionStep(
        "Nested", integration_pattern=IntegrationPattern.WaitForCompletion,
        parameters={"StateMachineArn": execution["machine"], "Input": {"a": both.output()["a"]}})
    ask = StepFunctionsStartExecutionStep(
        "Ask", integration_pattern=IntegrationPattern.WaitForTaskToken,
        parameters={"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
                    "Input": {"token.$": "$$.Task.Token"}})
    chain = Chain([Pass("First", result={"n": 1}, result_path="$.first"), sort, each, both, nested,
                   ask])
    graph = Graph(chain, comment="Every state", timeout_seconds=3600, version="1.0")
    pathlib.Path(sys.argv[1]).write_text(graph.to_json(pretty=True) + "\n")


if __name__ == "__main__":
    main()
