"""State machines with every type of state, built and run with the Step Functions SDK of PyPI."""
import datetime
import json
import unittest
import warnings

warnings.simplefilter("ignore")

import boto3  # noqa: E402
from stepfunctions import steps  # noqa: E402
from stepfunctions.inputs import ExecutionInput  # noqa: E402
from stepfunctions.steps import ChoiceRule  # noqa: E402
from stepfunctions.workflow import Workflow  # noqa: E402
from stepfunctions.workflow.stepfunctions import ExecutionStatus  # noqa: E402

import sdk  # noqa: E402
from flows import ARN, WithFlows, details_of, outputs_of, sequence  # noqa: E402
from harness import ACCOUNT, SERVING_IMAGE  # noqa: E402

# Operator: (value, what it is compared with, a value that does not match).
COMPARED = {
    "StringEquals": ("b", "b", "c"),
    "StringLessThan": ("a", "b", "b"),
    "StringGreaterThan": ("c", "b", "b"),
    "StringLessThanEquals": ("b", "b", "c"),
    "StringGreaterThanEquals": ("b", "b", "a"),
    "StringMatches": ("log-7.txt", "log-*.txt", "log-7.csv"),
    "NumericEquals": (2.0, 2, 3),
    "NumericLessThan": (1.5, 2, 2),
    "NumericGreaterThan": (3, 2, 2),
    "NumericLessThanEquals": (2, 2, 3),
    "NumericGreaterThanEquals": (2, 2, 1),
    "BooleanEquals": (False, False, True),
    "TimestampEquals": ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:01Z"),
    "TimestampLessThan": ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    "TimestampGreaterThan": ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z",
                             "2026-01-01T00:00:00Z"),
    "TimestampLessThanEquals": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
                                "2026-01-01T00:00:01Z"),
    "TimestampGreaterThanEquals": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
                                   "2025-12-31T23:59:59Z"),
    "IsNull": (None, True, 0),
    "IsString": ("a", True, 1),
    "IsNumeric": (1, True, "1"),
    "IsTimestamp": ("2026-01-01T00:00:00Z", True, "2026-01-01"),
    "IsBoolean": (False, True, "false"),
}
SECOND = datetime.timedelta(seconds=1)


def at(when):
    """The language's timestamp of a time."""
    return when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class StateTypes(WithFlows):
    def test_pass(self):
        given = ExecutionInput(schema={"Name": str, "Limits": {"Count": int}})
        first = steps.Pass("First", result={"words": ["a", "b"], "none": None})
        kept = steps.Pass("Kept", result=[1, 2], result_path="$.kept")
        shaped = steps.Pass("Shaped", output_path="$.all", parameters={"all": {
            "who": given["Name"], "most": given["Limits"]["Count"], "fixed": [True],
            "words.$": "$.words[*]", "text.$": "States.Format('{}-{}', $.kept[1], $.words[0])"}})
        flow = self.workflow(steps.Chain([first, kept, shaped]), execution_input=given)
        execution = flow.execute(inputs={"Name": "Ann", "Limits": {"Count": 3}})
        self.assertEqual(self.end_of(execution), {
            "who": "Ann", "most": 3, "fixed": [True], "words": ["a", "b"], "text": "2-a"})
        self.assertEqual(outputs_of(execution, "PassStateExited")[:2], [
            {"words": ["a", "b"], "none": None}, {"words": ["a", "b"], "none": None,
                                                  "kept": [1, 2]}])
        with self.assertRaisesRegex(ValueError, "schema"):
            flow.execute(inputs={"Name": 1})

    def test_a_step_reads_the_one_before(self):
        first = steps.Pass("First", result={"made": {"by": "First", "list": [{"n": 7}]}})
        second = steps.Pass("Second", parameters={
            "by": first.output()["made"]["by"], "n": first.output()["made"]["list"][0]["n"]})
        self.assertEqual(self.run_to_end(steps.Chain([first, second]))[1], {"by": "First", "n": 7})

    def test_choice_with_every_operator(self):
        operators = [name for name in vars(ChoiceRule) if name[0].isupper()]
        choice = steps.Choice("Which")
        items, expected = [], []
        for operator in operators:
            if operator in ("And", "Or", "Not", "IsPresent"):
                continue
            value, other, miss = COMPARED[operator.removesuffix("Path")]
            against = "$.other" if operator.endswith("Path") else other
            rule = getattr(ChoiceRule, operator)("$.value", against)
            hit = steps.Pass(f"Hit {operator}", result=operator)
            choice.add_choice(ChoiceRule.And([ChoiceRule.StringEquals("$.is", operator), rule]),
                              hit)
            items += [{"is": operator, "value": value, "other": other},
                      {"is": operator, "value": miss, "other": other}]
            expected += [operator, "none"]
        choice.default_choice(steps.Pass("None", result="none"))
        _, output = self.run_to_end(steps.Map("Each", iterator=choice), items)
        self.assertEqual(output, expected)
        # The new one has StringMatches and tests of types as well, and each comparison by a path.
        self.assertEqual(len(items), 2 * (16 if sdk.V1 else 38))

    def test_choice_combines_rules(self):
        large = ChoiceRule.NumericGreaterThan("$.n", 10)
        odd = ChoiceRule.BooleanEquals("$.odd", True)
        choice = steps.Choice("Which")
        for name, rule in (("both", ChoiceRule.And([large, odd])),
                           ("neither", ChoiceRule.Not(ChoiceRule.Or([large, odd])))):
            choice.add_choice(rule, steps.Pass(name, result=name))
        flow = self.workflow(choice)
        for inputs, output in (({"n": 11, "odd": True}, "both"),
                               ({"n": 2, "odd": False}, "neither")):
            self.assertEqual(self.end_of(flow.execute(inputs=inputs)), output)
        error, cause = self.error_of(flow.execute(inputs={"n": 1, "odd": True}))
        self.assertEqual(error, "States.Runtime")
        self.assertIn("'Which'", cause)
        self.assertIn("The state does not point to a next state.", cause)

    @unittest.skipIf(sdk.V1, "stepfunctions 1.x has no IsPresent")
    def test_choice_asks_for_presence_and_has_a_default_by_its_place(self):
        choice = steps.Choice("There?")
        choice.add_choice(ChoiceRule.IsPresent("$.a.b", True), steps.Succeed("Yes"))
        flow = self.workflow(steps.Chain([choice, steps.Pass("No", result={"a": {"b": 1}})]))
        self.assertEqual(self.end_of(flow.execute(inputs={"a": {"b": None}})), {"a": {"b": None}})
        self.assertEqual(self.end_of(flow.execute(inputs={"a": 1})), {"a": {"b": 1}})

    def test_wait(self):
        soon = datetime.datetime.now(datetime.timezone.utc) + 2 * SECOND
        execution, output = self.run_to_end(steps.Chain([
            steps.Wait("Seconds", seconds=1), steps.Wait("SecondsPath", seconds_path="$.s"),
            steps.Wait("Timestamp", timestamp=at(soon)),
            steps.Wait("TimestampPath", timestamp_path="$.t")]),
            {"s": 1, "t": at(soon + SECOND)})
        self.assertEqual(output, {"s": 1, "t": at(soon + SECOND)})
        events = execution.list_events()
        entered = {event["stateEnteredEventDetails"]["name"]: event["timestamp"]
                   for event in events if event["type"] == "WaitStateEntered"}
        exited = {event["stateExitedEventDetails"]["name"]: event["timestamp"]
                  for event in events if event["type"] == "WaitStateExited"}
        for name in ("Seconds", "SecondsPath"):
            self.assertGreaterEqual(exited[name] - entered[name], SECOND)
        millisecond = datetime.timedelta(milliseconds=1)  # what timestamps of events are cut to
        self.assertGreater(exited["Timestamp"] + millisecond, soon)
        self.assertGreater(exited["TimestampPath"] + millisecond, soon + SECOND)

    def test_succeed_and_fail(self):
        choice = steps.Choice("Good?")
        choice.add_choice(ChoiceRule.BooleanEquals("$.good", True),
                          steps.Succeed("Good", input_path="$.result"))
        choice.default_choice(steps.Fail("Bad", error="Weather", cause="It rained."))
        flow = self.workflow(choice)
        good = flow.execute(inputs={"good": True, "result": [1]})
        self.assertEqual(self.end_of(good), [1])
        self.assertEqual(sequence(good), [
            "1<0 ExecutionStarted", "2<0 ChoiceStateEntered Good?", "3<2 ChoiceStateExited Good?",
            "4<3 SucceedStateEntered Good", "5<4 SucceedStateExited Good",
            "6<5 ExecutionSucceeded"])
        bad = flow.execute(inputs={"good": False})
        self.assertEqual(self.error_of(bad), ("Weather", "It rained."))
        self.assertEqual(sequence(bad)[3:], ["4<3 FailStateEntered Bad", "5<4 ExecutionFailed"])
        self.assertEqual(details_of(bad, "ExecutionFailed"),
                         [{"error": "Weather", "cause": "It rained."}])

    def test_parallel(self):
        both = steps.Parallel("Both", parameters={"n.$": "$.n"}, result_path="$.made")
        both.add_branch(steps.Chain([steps.Pass("A", parameters={"a.$": "$.n"}), steps.Pass("AA")]))
        both.add_branch(steps.Chain([steps.Wait("B", seconds=1), steps.Pass("BB", result="b")]))
        execution, output = self.run_to_end(steps.Chain([both, steps.Succeed("Done")]), {"n": 1})
        self.assertEqual(output, {"n": 1, "made": [{"a": 1}, "b"]})
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 ParallelStateEntered Both", "3<2 ParallelStateStarted",
            "4<3 PassStateEntered A", "5<4 PassStateExited A", "6<3 WaitStateEntered B",
            "7<5 PassStateEntered AA", "8<7 PassStateExited AA", "9<6 WaitStateExited B",
            "10<9 PassStateEntered BB", "11<10 PassStateExited BB", "12<11 ParallelStateSucceeded",
            "13<11 ParallelStateExited Both", "14<13 SucceedStateEntered Done",
            "15<14 SucceedStateExited Done", "16<15 ExecutionSucceeded"])

    def test_a_branch_that_fails_ends_the_others(self):
        both = steps.Parallel("Both")
        both.add_branch(steps.Wait("Long", seconds=3600))
        both.add_branch(steps.Fail("Broken", error="Mine", cause="why"))
        both.add_catch(steps.Catch(error_equals=["Mine"], result_path="$.caught",
                                   next_step=steps.Pass("Mended")))
        execution, output = self.run_to_end(both, {"n": 1})
        self.assertEqual(output, {"n": 1, "caught": {"Error": "Mine", "Cause": "why"}})
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 ParallelStateEntered Both", "3<2 ParallelStateStarted",
            "4<3 WaitStateEntered Long", "5<3 FailStateEntered Broken", "6<4 WaitStateAborted",
            "7<5 ParallelStateFailed", "8<7 ParallelStateExited Both",
            "9<8 PassStateEntered Mended", "10<9 PassStateExited Mended",
            "11<10 ExecutionSucceeded"])

    def test_parallel_is_retried_as_a_whole(self):
        both = steps.Parallel("Both")
        both.add_branch(steps.Pass("Fine"))
        both.add_branch(steps.Fail("Broken", error="Mine"))
        both.add_retry(steps.Retry(error_equals=["States.BranchFailed"], interval_seconds=1,
                                   max_attempts=1))
        execution = self.workflow(both).execute()
        self.assertEqual(self.error_of(execution)[0], "Mine")
        types = [event["type"] for event in execution.list_events()]
        entered = [types.count(f"{name}StateEntered") for name in ("Parallel", "Pass", "Fail")]
        self.assertEqual(entered, [1, 2, 2])

    def test_map(self):
        each = steps.Map("Each", items_path="$.items", max_concurrency=1, result_path="$.made",
                         parameters={"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value",
                                     "base.$": "$.base"})
        each.attach_iterator(steps.Pass("Sum", parameters={
            "sum.$": "States.MathAdd($.base, $.v)", "i.$": "$.i"}))
        execution, output = self.run_to_end(each, {"items": [1, 2], "base": 10})
        self.assertEqual(output["made"], [{"sum": 11, "i": 0}, {"sum": 12, "i": 1}])
        self.assertEqual(sequence(execution), [
            "1<0 ExecutionStarted", "2<0 MapStateEntered Each", "3<2 MapStateStarted",
            "4<3 MapIterationStarted Each", "5<4 PassStateEntered Sum", "6<5 PassStateExited Sum",
            "7<6 MapIterationSucceeded Each", "8<6 MapIterationStarted Each",
            "9<8 PassStateEntered Sum", "10<9 PassStateExited Sum",
            "11<10 MapIterationSucceeded Each", "12<11 MapStateSucceeded",
            "13<11 MapStateExited Each", "14<13 ExecutionSucceeded"])
        self.assertEqual(details_of(execution, "MapStateStarted"), [{"length": 2}])
        self.assertEqual(details_of(execution, "MapIterationStarted"),
                         [{"name": "Each", "index": 0}, {"name": "Each", "index": 1}])

    def test_map_of_nothing_and_of_maps(self):
        inner = steps.Map("Inner", iterator=steps.Pass("Leaf"))
        flow = self.workflow(steps.Map("Outer", iterator=inner))
        for items in ([], [[1, 2], [], [[3]]]):
            self.assertEqual(self.end_of(flow.execute(inputs=items)), items)
        many = [[outer * 100 + n for n in range(50)] for outer in range(5)]
        self.assertEqual(self.end_of(flow.execute(inputs=many)), many)

    def test_an_iteration_that_fails_ends_the_map(self):
        choice = steps.Choice("Odd?")
        choice.add_choice(ChoiceRule.NumericEquals("$", 3), steps.Fail("Odd", error="Odd"))
        choice.default_choice(steps.Pass("Even"))
        each = steps.Map("Each", iterator=choice, max_concurrency=1)
        each.add_catch(steps.Catch(error_equals=["States.ALL"], next_step=steps.Pass("Caught")))
        execution, output = self.run_to_end(each, [2, 3, 4])
        self.assertEqual(output["Error"], "Odd")
        self.assertEqual(details_of(execution, "MapIterationFailed"),
                         [{"name": "Each", "index": 1}])
        self.assertEqual(details_of(execution, "MapStateFailed"), [{}])
        self.assertEqual(len(details_of(execution, "MapIterationStarted")), 2)

    def test_task_with_retry_and_catch(self):
        def task(catch=True):
            made = steps.Task("Save", resource="arn:aws:states:::sagemaker:createModel",
                              parameters={"ModelName.$": "$.name",
                                          "ExecutionRoleArn": self.job_role,
                                          "PrimaryContainer": {"Image": SERVING_IMAGE}})
            made.add_retry(steps.Retry(error_equals=["States.TaskFailed"], interval_seconds=1,
                                       max_attempts=1, backoff_rate=1.0))
            if catch:
                made.add_catch(steps.Catch(error_equals=["States.ALL"], result_path="$.error",
                                           next_step=steps.Pass("Mended", input_path="$.error")))
            return made
        flow = self.workflow(steps.Chain([task(), steps.Pass("Saved", input_path="$.ModelArn")]))
        self.assertTrue(self.end_of(flow.execute(inputs={"name": "a-model"}))
                        .endswith(f":{ACCOUNT}:model/a-model"))
        again = flow.execute(inputs={"name": "a-model"})  # that name is taken
        error = self.end_of(again)
        self.assertEqual(error["Error"], "SageMaker.AmazonSageMakerException")
        self.assertIn("Cannot create already existing model", error["Cause"])
        types = [event["type"] for event in again.list_events()]
        once = ["TaskScheduled", "TaskStarted", "TaskFailed"]
        self.assertEqual(types, ["ExecutionStarted", "TaskStateEntered", *once, *once,
                                 "TaskStateExited", "PassStateEntered", "PassStateExited",
                                 "ExecutionSucceeded"])
        uncaught = self.workflow(task(catch=False)).execute(inputs={"name": "a-model"})
        self.assertEqual(self.error_of(uncaught)[0], error["Error"])


class Workflows(WithFlows):
    def test_executions_by_name_and_by_status(self):
        choice = steps.Choice("Go?")
        choice.add_choice(ChoiceRule.StringEquals("$.go", "on"), steps.Succeed("On"))
        choice.add_choice(ChoiceRule.StringEquals("$.go", "wait"), steps.Wait("Long", seconds=3600))
        choice.default_choice(steps.Fail("No"))
        flow = self.workflow(choice)
        named = {name: flow.execute(name=name, inputs={"go": go}) for name, go in (
            ("good", "on"), ("bad", ""), ("long", "wait"), ("stopped", "wait"))}
        for name in named:
            self.assertEqual(named[name].execution_arn, f"{ARN}:execution:{flow.name}:{name}")
        self.assertIsNone(named["long"].get_output())
        self.assertEqual(named["long"].get_input(), {"go": "wait"})
        named["stopped"].stop(cause="enough", error="Tired")
        for status, names in ((ExecutionStatus.Succeeded, {"good"}),
                              (ExecutionStatus.Failed, {"bad"}),
                              (ExecutionStatus.Running, {"long"}),
                              (ExecutionStatus.Aborted, {"stopped"}),
                              (ExecutionStatus.TimedOut, set()), (None, set(named))):
            listed = flow.list_executions(status_filter=status)
            self.assertEqual({one.name for one in listed}, names, status)
        self.assertEqual(len(flow.list_executions(max_items=2)), 2)
        with self.assertRaises(flow.client.exceptions.ExecutionAlreadyExists):
            flow.execute(name="good", inputs={"go": "other"})
        same = flow.execute(name="long", inputs={"go": "wait"})  # runs already: the same one
        self.assertEqual(same.execution_arn, named["long"].execution_arn)
        self.assertEqual(self.error_of(named["stopped"], "ABORTED"), ("Tired", "enough"))
        self.assertEqual(details_of(named["stopped"], "ExecutionAborted"),
                         [{"error": "Tired", "cause": "enough"}])
        named["long"].stop()

    def test_events_in_both_orders_and_by_number(self):
        execution, _ = self.run_to_end(steps.Map("Each", iterator=steps.Pass("One")), [0] * 300)
        every = execution.list_events(max_items=5000)
        self.assertEqual([event["id"] for event in every], list(range(1, 300 * 4 + 7)))
        reverse = execution.list_events(max_items=5000, reverse_order=True)
        self.assertEqual(reverse, every[::-1])
        self.assertEqual(execution.list_events(max_items=7), every[:7])

    def test_a_workflow_has_a_time(self):
        execution = self.workflow(steps.Wait("Long", seconds=3600), timeout_seconds=1,
                                  comment="Too long.", version="1.0").execute()
        self.assertIsNone(self.end_of(execution, "TIMED_OUT"))
        self.assertEqual([event["type"] for event in execution.list_events()],
                         ["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"])

    def test_attached_updated_and_drawn(self):
        both = steps.Parallel("Both")
        both.add_branch(steps.Map("Each", iterator=steps.Pass("One")))
        both.add_branch(steps.Wait("Pause", seconds=0))
        flow = self.workflow(both, tags=[{"key": "team", "value": "blue"}])
        listed = {one["stateMachineArn"]: one["name"] for one in Workflow.list_workflows()}
        self.assertEqual(listed[flow.state_machine_arn], flow.name)
        attached = Workflow.attach(flow.state_machine_arn)
        self.assertEqual(json.loads(attached.definition.to_json()),
                         json.loads(flow.definition.to_json()))
        self.assertEqual((attached.name, attached.role), (flow.name, self.flow_role))
        tags = boto3.DEFAULT_SESSION.client("stepfunctions").list_tags_for_resource(
            resourceArn=flow.state_machine_arn)["tags"]
        self.assertEqual(tags, [{"key": "team", "value": "blue"}])
        execution = attached.execute(inputs=[1])
        self.assertEqual(self.end_of(execution), [[1], [1]])
        for drawing in (flow.render_graph(), flow.render_graph(portrait=True),
                        execution.render_progress()):
            self.assertIn('"Both"', drawing.data.replace("&quot;", '"').replace('\\"', '"'))
        self.assertIn("MapIterationStarted", execution.render_progress().data)
        self.assertEqual(attached.update(definition=steps.Pass("Only", result=2)),
                         flow.state_machine_arn)
        self.assertEqual(attached.update(role=self.job_role), flow.state_machine_arn)
        changed = Workflow.attach(flow.state_machine_arn)
        self.assertEqual(changed.role, self.job_role)
        self.assertEqual(list(json.loads(changed.definition.to_json())["States"]), ["Only"])

    def test_a_definition_that_is_refused_says_where(self):
        both = steps.Parallel("Both")
        both.add_branch(steps.Pass("One", parameters={"a.$": "not a path"}))
        flow = Workflow("refused", both, self.flow_role)
        with self.assertRaises(flow.client.exceptions.InvalidDefinition) as caught:
            flow.create()
        self.assertIn("must be a valid JSONPath or a valid intrinsic function call at "
                      "/States/Both/Branches[0]/States/One/Parameters", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
