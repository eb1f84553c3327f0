"""A workload of state machines that runs on whatever speaks Step Functions' API: executions that all
begin at one moment and go round in a loop of states without tasks.

A transition is a state that was entered and left: two events of the history, and the data between."""
import json
import time

CONCURRENT = 64
STATES_PER_ROUND = 4
STATES_AROUND = 2  # Begin and End
# Executions are there, and wait, before the first of them begins.
STARTING_SECONDS = 3

ORDER = {"id": "o-1042", "customer": {"name": "Ada", "country": "GB"}, "express": True,
         "items": [{"sku": "lamp", "count": 2, "price": 19.5}, {"sku": "desk", "count": 1,
                                                               "price": 240}]}


def definition():
    """Begin, then Count → Sort → Note → More as many times as the input says, then End."""
    return {"StartAt": "Begin", "States": {
        "Begin": {"Type": "Wait", "TimestampPath": "$.begin", "Next": "Count"},
        "Count": {"Type": "Pass", "Next": "Sort", "Parameters": {
            "begin.$": "$.begin", "rounds.$": "$.rounds", "order.$": "$.order",
            "done.$": "States.MathAdd($.done, 1)"}},
        "Sort": {"Type": "Choice", "Default": "End", "Choices": [
            {"Next": "Note", "And": [
                {"Variable": "$.order.express", "BooleanEquals": True},
                {"Variable": "$.order.customer.country", "StringEquals": "GB"}]}]},
        "Note": {"Type": "Pass", "Result": "express", "ResultPath": "$.order.lane", "Next": "More"},
        "More": {"Type": "Choice", "Default": "End", "Choices": [
            {"Variable": "$.done", "NumericLessThanPath": "$.rounds", "Next": "Count"}]},
        "End": {"Type": "Succeed"}}}


def create_machine(client, role, name="bench", machine=None):
    created = client.create_state_machine(name=name, roleArn=role,
                                          definition=json.dumps(machine or definition()))
    return created["stateMachineArn"]


def transitions(rounds):
    """Of all executions together."""
    return CONCURRENT * (STATES_PER_ROUND * rounds + STATES_AROUND)


def start_all(client, machine, rounds):
    """Starts the executions; returns their ARNs and when they begin (Unix time, a whole second)."""
    begin = int(time.time()) + STARTING_SECONDS
    text = json.dumps({"begin": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin)),
                       "rounds": rounds, "order": ORDER, "done": 0})
    arns = [client.start_execution(stateMachineArn=machine, input=text, name=f"e{begin}-{i}")["executionArn"]
            for i in range(CONCURRENT)]
    if time.time() >= begin:
        raise RuntimeError(f"{CONCURRENT} executions did not start in {STARTING_SECONDS} s")
    return arns, begin


def run_all(client, machine, rounds):
    """Transitions a second, from the beginning of all executions to the end of the last."""
    arns, begin = start_all(client, machine, rounds)
    ended = begin
    for arn in arns:
        while True:
            execution = client.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                break
            time.sleep(0.05)
        if execution["status"] != "SUCCEEDED":
            raise RuntimeError(f"{arn} ended as {execution['status']}: {execution.get('cause')}")
        ended = max(ended, execution["stopDate"].timestamp())
    return transitions(rounds) / (ended - begin)
