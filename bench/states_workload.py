"""A workload of state machines that runs on whatever speaks Step Functions' API: executions that all
begin at one moment and go round in a loop of states without tasks.

A transition is a state that was entered and left: two events of the history, and the data between."""
import json
import time

CONCURRENT = 64
STATES_PER_ROUND = 4
STATES_AROUND = 2  # Begin and End
# Executions are there, and wait, before the first of them begins.
STARTING_SECONDS = 10

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


def create_machine(client, role, machine=None, name="bench"):
    created = client.create_state_machine(name=name, roleArn=role,
                                          definition=json.dumps(machine or definition()))
    return created["stateMachineArn"]


def transitions_of(rounds):
    """Of all executions together."""
    return CONCURRENT * (STATES_PER_ROUND * rounds + STATES_AROUND)


def start_all(client, machine, rounds):
    """Starts the executions, which begin together in a while; returns their ARNs."""
    begin = int(time.time()) + STARTING_SECONDS
    text = json.dumps({"begin": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin)),
                       "rounds": rounds, "order": ORDER, "done": 0})
    arns = [client.start_execution(stateMachineArn=machine, input=text,
                                   name=f"run-{begin}-{number}")["executionArn"]
            for number in range(CONCURRENT)]
    if time.time() >= begin:
        raise RuntimeError(f"{CONCURRENT} executions did not start in {STARTING_SECONDS} s")
    return arns


def ended(client, arn, pause):
    """DescribeExecution once it has succeeded."""
    while True:
        execution = client.describe_execution(executionArn=arn)
        if execution["status"] == "SUCCEEDED":
            return execution
        if execution["status"] != "RUNNING":
            raise RuntimeError(f"{arn} ended as {execution['status']}: {execution.get('cause')}")
        time.sleep(pause)


def began(client, arn):
    """When the state Begin was left: the third event of the history."""
    events = client.get_execution_history(executionArn=arn, maxResults=3)["events"]
    return events[2]["timestamp"].timestamp()


def run_all(client, machine, rounds, pause=0.2):
    """Transitions a second, from when the first execution went on to when the last ended, by the
    histories' own times; asked for seldom, since asking takes of the same machine."""
    arns = start_all(client, machine, rounds)
    last = max(ended(client, arn, pause)["stopDate"].timestamp() for arn in arns)
    first = min(began(client, arn) for arn in arns)
    return transitions_of(rounds) / (last - first)
