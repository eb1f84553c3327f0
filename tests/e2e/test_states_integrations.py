"""What tasks may call, by a real client: operations as aws-sdk, executions within executions,
http:invoke against a server of the test's own, roles of tasks."""
import contextlib
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock

import botocore.exceptions

from harness import ACCOUNT, REGION, TRUST, Daemon, WithDaemon, wait_for

SDK = "arn:aws:states:::aws-sdk:"
START = "arn:aws:states:::states:startExecution"
HTTP = "arn:aws:states:::http:invoke"
PASS = {"Type": "Pass", "End": True}


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def one_task(resource, parameters=None, **more):
    """A machine of one task."""
    state = {"Type": "Task", "Resource": resource, "End": True, **more}
    if parameters is not None:
        state["Parameters"] = parameters
    return {"StartAt": "T", "States": {"T": state}}


class WithMachines(WithDaemon):
    """A role that may do everything, and short ways to run machines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = cls.daemon.client("stepfunctions")
        cls.iam = cls.daemon.client("iam")
        cls.s3 = cls.daemon.client("s3")
        cls.role = cls.make_role("Everything", allow("*"))

    @classmethod
    def make_role(cls, name, *statements, trust=TRUST):
        arn = cls.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        cls.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return arn

    def create(self, name, definition, role=None):
        return self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role or self.role)[
                "stateMachineArn"]

    def start(self, machine, data=None, **more):
        return self.states.start_execution(stateMachineArn=machine, input=json.dumps(data or {}),
                                           **more)["executionArn"]

    def ended(self, execution, seconds=60):
        def done():
            description = self.states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None
        return wait_for(done, seconds, f"end of {execution}")

    def run_machine(self, name, definition, data=None, role=None):
        return self.ended(self.start(self.create(name, definition, role), data))

    def output(self, name, definition, data=None, role=None):
        description = self.run_machine(name, definition, data, role)
        self.assertEqual(description["status"], "SUCCEEDED", description)
        return json.loads(description["output"])

    def failure(self, name, definition, data=None, role=None):
        description = self.run_machine(name, definition, data, role)
        self.assertEqual(description["status"], "FAILED", description)
        return description["error"], description["cause"]

    def events(self, execution):
        pages = self.states.get_paginator("get_execution_history").paginate(
            executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def types(self, execution):
        return [event["type"] for event in self.events(execution)]


class AwsSdk(WithMachines):
    def test_objects_of_s3_go_in_and_out(self):
        self.s3.create_bucket(Bucket="sdk-bucket")
        put = {"StartAt": "Put", "States": {
            "Put": {"Type": "Task", "Resource": SDK + "s3:putObject", "ResultPath": "$.put",
                    "Parameters": {"Bucket": "sdk-bucket", "Key.$": "$.key", "Body.$": "$.body",
                                   "ContentType": "application/json", "Metadata": {"a": "b"}},
                    "Next": "Get"},
            "Get": {"Type": "Task", "Resource": SDK + "s3:getObject", "End": True,
                    "Parameters": {"Bucket": "sdk-bucket", "Key.$": "$.key"}}}}
        machine = self.create("s3-put-get", put)
        for key, body, text in (("object", {"n": [1, 2]}, '{"n":[1,2]}'),
                                ("text", "a line", '"a line"'), ("number", 7, "7")):
            with self.subTest(key):
                execution = self.start(machine, {"key": key, "body": body})
                description = self.ended(execution)
                self.assertEqual(description["status"], "SUCCEEDED", description)
                got = json.loads(description["output"])
                self.assertEqual(got["Body"], text)
                self.assertEqual(self.s3.get_object(Bucket="sdk-bucket", Key=key)["Body"].read(),
                                 text.encode())
                self.assertEqual(got["ContentType"], "application/json")
                self.assertEqual(got["Metadata"], {"a": "b"})
                self.assertEqual(got["ContentLength"], len(text))
                self.assertRegex(got["LastModified"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
                self.assertEqual(got["ETag"],
                                 self.s3.head_object(Bucket="sdk-bucket", Key=key)["ETag"])
                scheduled = self.events(execution)[2]["taskScheduledEventDetails"]
                self.assertEqual((scheduled["resourceType"], scheduled["resource"]),
                                 ("aws-sdk:s3", "putObject"))

    def test_listings_have_the_names_and_times_of_the_sdk(self):
        self.s3.create_bucket(Bucket="listed")
        self.s3.put_object(Bucket="listed", Key="k", Body=b"x")
        listed = self.output("list", one_task(SDK + "s3:listObjectsV2", {"Bucket": "listed"}))
        self.assertEqual((listed["KeyCount"], listed["Contents"][0]["Key"]), (1, "k"))
        self.assertIsInstance(listed["Contents"][0]["LastModified"], str)
        machines = self.output("machines", one_task(SDK + "sfn:listStateMachines", {}))
        self.assertIn("StateMachineArn", machines["StateMachines"][0])
        self.assertRegex(machines["StateMachines"][0]["CreationDate"], r"^\d{4}-.*Z$")
        models = self.output("models", one_task(SDK + "sagemaker:listModels", {"MaxResults": 5}))
        self.assertEqual(models, {"Models": []})
        caller = self.output("caller", one_task(SDK + "sts:getCallerIdentity", {}))
        self.assertEqual(caller["Account"], ACCOUNT)
        self.assertIn("assumed-role/Everything/", caller["Arn"])

    def test_streams_of_logs_and_metrics(self):
        group, stream = "/flow", "lines"
        logs = self.daemon.client("logs")
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(time.time() * 1000)
        self.output("log", one_task(SDK + "cloudwatchlogs:putLogEvents", {
            "LogGroupName": group, "LogStreamName": stream,
            "LogEvents": [{"Timestamp": now, "Message": "hello"}]}))
        got = logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
        self.assertEqual([event["message"] for event in got], ["hello"])
        self.output("metric", one_task(SDK + "cloudwatch:putMetricData", {
            "Namespace": "Flow", "MetricData": [{"MetricName": "m", "Value": 2.5}]}))
        listed = self.daemon.client("cloudwatch").list_metrics(Namespace="Flow")["Metrics"]
        self.assertEqual([metric["MetricName"] for metric in listed], ["m"])

    def test_errors_have_the_names_and_words_of_the_sdk(self):
        self.s3.create_bucket(Bucket="empty-one")
        missing = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:missing"
        cases = {
            "S3.NoSuchKeyException": (
                SDK + "s3:getObject", {"Bucket": "empty-one", "Key": "k"},
                r"^The specified key does not exist. \(Service: S3, Status Code: 404, "
                r"Request ID: [^)]+\)$"),
            "Sfn.StateMachineDoesNotExistException": (
                SDK + "sfn:describeStateMachine", {"StateMachineArn": missing},
                r"^State Machine Does Not Exist: .* \(Service: Sfn, Status Code: 400, Request ID: "),
            "SageMaker.SageMakerException": (
                SDK + "sagemaker:describeModel", {"ModelName": "none"},
                r"\(Service: SageMaker, Status Code: 400, Request ID: "),
            "States.Runtime": (
                SDK + "s3:deleteObject", {"Bucket": "empty-one", "Key": 5},
                r"could not be used to start the Task: \[The value for the field 'Key' must be "
                r"a STRING\]$"),
            "Iam.NoSuchEntityException": (
                SDK + "iam:getRole", {"RoleName": "none"}, r"\(Service: Iam, Status Code: 404, "),
            "SageMakerRuntime.ValidationErrorException": (
                SDK + "sagemakerruntime:invokeEndpoint", {"EndpointName": "none", "Body": "1,2"},
                r"\(Service: SageMakerRuntime, Status Code: 400, "),
        }
        for number, (name, (resource, parameters, cause)) in enumerate(cases.items()):
            with self.subTest(name):
                error, text = self.failure(f"error-{number}", one_task(resource, parameters))
                self.assertEqual(error, name)
                self.assertRegex(text, cause)

    def test_a_role_without_the_right_is_refused(self):
        role = self.make_role("ReadsNothing", allow("sts:GetCallerIdentity"))
        self.s3.create_bucket(Bucket="closed")
        self.s3.put_object(Bucket="closed", Key="k", Body=b"secret")
        for number, resource in enumerate(("s3:getObject", "s3:headObject")):
            definition = one_task(SDK + resource, {"Bucket": "closed", "Key": "k"})
            error, cause = self.failure(f"closed-{number}", definition, role=role)
            self.assertEqual(error, "S3.S3Exception")
            self.assertIn("assumed-role/ReadsNothing/", cause)
            self.assertIn("Status Code: 403", cause)

    def test_what_is_not_to_be_called_is_refused_at_creation(self):
        def refused(resource, parameters=None):
            with self.assertRaises(botocore.exceptions.ClientError) as raised:
                self.create("refused", one_task(resource, parameters))
            error = raised.exception.response["Error"]
            self.assertEqual(error["Code"], "InvalidDefinition")
            return error["Message"]
        for resource in (SDK + "s3:getObject.sync", SDK + "s3:fly", SDK + "s3:GetObject",
                         SDK + "sqs:sendMessage", SDK + "sfn:startExecution.sync:2",
                         SDK + "states:startExecution", START + ".sync:3", HTTP + ".sync",
                         "arn:aws:states:::states:stopExecution",
                         "arn:aws:states:::sagemaker:createTrainingJob.waitForTaskToken"):
            self.assertIn(f"The resource provided {resource} is not recognized. The value is not "
                          "a valid resource ARN, or the resource is not available in this region. "
                          "at /States/T/Resource", refused(resource))
        for resource, parameters, name in (
                (SDK + "sfn:listExecutions", {"stateMachineArn": "a"}, "stateMachineArn"),
                (SDK + "s3:putObject", {"SSEKMSKeyId": "k"}, "SSEKMSKeyId"),
                (START, {"input": {}}, "input"), (HTTP, {"Url": "u"}, "Url")):
            self.assertIn(f'The field "{name}" is not supported by Step Functions at '
                          "/States/T/Parameters", refused(resource, parameters))
        self.assertIn("Connections of EventBridge are not supported here",
                      refused(HTTP, {"Authentication": {"ConnectionArn": "arn"}}))

    def test_an_execution_stops_itself(self):
        definition = one_task(SDK + "sfn:stopExecution", {
            "ExecutionArn.$": "$$.Execution.Id", "Error": "Enough", "Cause": "It said so"})
        description = self.run_machine("suicidal", definition)
        self.assertEqual((description["status"], description["error"], description["cause"]),
                         ("ABORTED", "Enough", "It said so"))


class Tokens(WithMachines):
    def test_a_child_gives_the_token_of_its_parent_back(self):
        child = self.create("answers", one_task(SDK + "sfn:sendTaskSuccess", {
            "TaskToken.$": "$.token", "Output": {"answer": 42}}))
        for number, resource in enumerate((START, SDK + "sfn:startExecution")):
            with self.subTest(resource):
                machine = self.create(f"asks-{number}", one_task(resource + ".waitForTaskToken", {
                    "StateMachineArn": child, "Input": {"token.$": "$$.Task.Token"}}))
                execution = self.start(machine)
                description = self.ended(execution, 20)
                self.assertEqual(json.loads(description["output"]), {"answer": 42})
                self.assertIn("TaskSubmitted", self.types(execution))

    def test_workflows_work_for_activities(self):
        activity = self.states.create_activity(name="lines")["activityArn"]
        asking = self.start(self.create("asking", one_task(activity, {"line": 1})))
        worker = {"StartAt": "Get", "States": {
            "Get": {"Type": "Task", "Resource": SDK + "sfn:getActivityTask", "Next": "Tell",
                    "Parameters": {"ActivityArn": activity, "WorkerName": "flow"}},
            "Tell": {"Type": "Task", "Resource": SDK + "sfn:sendTaskSuccess", "End": True,
                     "Parameters": {"TaskToken.$": "$.TaskToken", "Output.$": "$.Input"}}}}
        working = self.start(self.create("working", worker))
        self.assertEqual(self.ended(working, 20)["status"], "SUCCEEDED")
        self.assertEqual(json.loads(self.ended(asking, 20)["output"]), {"line": 1})


class Nested(WithMachines):
    def child(self, name, definition=None):
        return self.create(name, definition or {"StartAt": "P", "States": {"P": PASS}})

    def test_request_response_goes_on_at_once(self):
        child = self.child("waits", {"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 3600, "End": True}}})
        got = self.output("starts", one_task(START, {
            "StateMachineArn": child, "Name": "run", "Input": {
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}}))
        execution = got["ExecutionArn"]
        self.assertEqual(execution, f"arn:aws:states:{REGION}:{ACCOUNT}:execution:waits:run")
        description = self.states.describe_execution(executionArn=execution)
        self.assertEqual(description["status"], "RUNNING")
        self.assertEqual(got["StartDate"], int(description["startDate"].timestamp() * 1000))
        self.assertIn(":execution:starts:", json.loads(description["input"])[
            "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"])
        self.assertEqual(got["SdkHttpMetadata"]["HttpStatusCode"], 200)
        error, cause = self.failure("starts-again", one_task(START, {
            "StateMachineArn": child, "Name": "run", "Input": {}}))
        self.assertEqual(error, "StepFunctions.ExecutionAlreadyExistsException")
        self.assertIn("(Service: AWSStepFunctions; Status Code: 400; Error Code: "
                      "ExecutionAlreadyExists; Request ID: ", cause)

    def test_sync_waits_for_the_output(self):
        quick = self.child("quick")
        slow = self.child("slow", {"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": PASS}})
        for number, child in enumerate((quick, slow)):
            for pattern, data in ((".sync", '{"a":1}'), (".sync:2", {"a": 1})):
                with self.subTest(child=child, pattern=pattern):
                    name = f"parent-{number}{pattern.replace(':', '-')}"
                    machine = self.create(name, one_task(START + pattern, {
                        "StateMachineArn": child, "Input.$": "$"}))
                    execution = self.start(machine, {"a": 1})
                    description = self.ended(execution, 20)  # the poll would take a minute
                    got = json.loads(description["output"])
                    self.assertEqual((got["Status"], got["Output"], got["Input"]),
                                     ("SUCCEEDED", data, data))
                    self.assertEqual(got["StateMachineArn"], child)
                    self.assertLessEqual(got["StartDate"], got["StopDate"])
                    self.assertEqual(list(got), sorted(got))
                    self.assertEqual(self.types(execution), [
                        "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted",
                        "TaskSubmitted", "TaskSucceeded", "TaskStateExited",
                        "ExecutionSucceeded"])

    def test_a_child_that_fails_fails_the_task(self):
        child = self.child("fails", {"StartAt": "F", "States": {
            "F": {"Type": "Fail", "Error": "Oh", "Cause": "No"}}})
        error, cause = self.failure("parent-of-fails", one_task(
            START + ".sync:2", {"StateMachineArn": child}))
        self.assertEqual(error, "States.TaskFailed")
        told = json.loads(cause)
        self.assertEqual((told["Status"], told["Error"], told["Cause"]), ("FAILED", "Oh", "No"))

    def test_stopping_the_parent_stops_the_children(self):
        child = self.child("sleeper", {"StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 3600, "End": True}}})
        middle = self.create("middle", one_task(START + ".sync", {
            "StateMachineArn": child, "Name": "leaf"}))
        top = self.start(self.create("top", one_task(START + ".sync", {
            "StateMachineArn": middle, "Name": "middle"})))
        leaf = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:sleeper:leaf"

        def running():
            try:
                return self.states.describe_execution(executionArn=leaf)["status"] == "RUNNING"
            except self.states.exceptions.ExecutionDoesNotExist:
                return False
        wait_for(running, 20, "start of the leaf")
        self.states.stop_execution(executionArn=top)
        self.assertEqual(self.ended(leaf, 20)["status"], "ABORTED")

    def test_the_managed_rule_is_there_and_needs_a_right(self):
        child = self.child("ruled")
        self.create("ruling", one_task(START + ".sync", {"StateMachineArn": child}))
        rule = self.daemon.client("events").describe_rule(
            Name="StepFunctionsGetEventsForStepFunctionsExecutionRule")
        self.assertEqual(json.loads(rule["EventPattern"]), {
            "source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]})
        self.assertEqual(rule["ManagedBy"], "states.amazonaws.com")
        role = self.make_role("StartsOnly", allow("states:*"))
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "create managed-rule"):
            self.create("unruly", one_task(START + ".sync", {"StateMachineArn": child}), role)


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked; paths say what else."""
    protocol_version = "HTTP/1.1"
    seen = []

    held = threading.Event()  # a request for /held has come
    free = threading.Event()  # it may be answered

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path == "/held":
            self.held.set()
            self.free.wait(60)
        status, kind, answer = 200, "application/json; charset=utf-8", json.dumps(
            {"method": self.command, "path": self.path, "body": body,
             "type": self.headers.get("Content-Type")})
        if self.path.startswith("/status/"):
            status = int(self.path.split("/")[2])
        if self.path == "/text":
            kind, answer = "text/plain", "plain words"
        if self.path == "/image":
            kind = "image/png"
        if self.path == "/long":
            kind, answer = "text/plain", "x" * (256 * 1024 + 1)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", "/text")
        self.send_header("Content-Length", str(len(answer.encode())))
        with contextlib.suppress(OSError):  # who had asked may be gone
            self.end_headers()
            self.wfile.write(answer.encode())

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class HttpInvoke(WithMachines):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_port}"
        cls.arguments = ("--http-allow", cls.url + "/*", "--http-allow", "http://127.0.0.1:1")
        super().setUpClass()

    def call(self, path="/", method="GET", **more):
        return one_task(HTTP, {"ApiEndpoint": self.url + path, "Method": method, **more})

    def test_requests_and_responses(self):
        got = self.output("http-get", self.call(
            "/items?a=1", QueryParameters={"b": "x y", "c": [1, 2]}, Headers={"X-Mine": "yes"}))
        self.assertEqual(got["ResponseBody"]["path"], "/items?a=1&b=x%20y&c=1&c=2")
        self.assertEqual((got["StatusCode"], got["StatusText"]), (200, "OK"))
        self.assertEqual(got["Headers"]["content-type"], ["application/json; charset=utf-8"])
        seen = Endpoint.seen[-1][2]
        self.assertEqual((seen["X-Mine"], seen["User-Agent"]),
                         ("yes", f"Amazon|StepFunctions|HttpInvoke|{REGION}"))
        got = self.output("http-post", self.call(method="POST", RequestBody={"n": [1]}))
        self.assertEqual((got["ResponseBody"]["body"], got["ResponseBody"]["type"]),
                         ('{"n":[1]}', "application/json"))
        got = self.output("http-form", self.call(
            method="PUT", RequestBody={"a": ["x", "y"], "b": {"c": 1}},
            Transform={"RequestBodyEncoding": "URL_ENCODED",
                       "RequestEncodingOptions": {"ArrayFormat": "REPEAT"}}))
        self.assertEqual(got["ResponseBody"]["body"], "a=x&a=y&b%5Bc%5D=1")
        self.assertEqual(self.output("http-text", self.call("/text"))["ResponseBody"],
                         "plain words")

    def test_failures(self):
        for number, (path, error) in enumerate((
                ("/status/404", "States.Http.StatusCode.404"),
                ("/status/302", "States.Http.StatusCode.302"),
                ("/status/503", "States.Http.StatusCode.503"), ("/image", "States.Runtime"),
                ("/long", "States.Runtime"), ("/a/../b", "States.Runtime"))):
            with self.subTest(path):
                self.assertEqual(self.failure(f"http-{number}", self.call(path))[0], error)
        # A redirect is not followed.
        self.assertNotIn("/text", [path for _, path, _, _ in Endpoint.seen[-6:]])
        task = {"Method": "GET"}
        error, _ = self.failure("http-unreachable", one_task(
            HTTP, {**task, "ApiEndpoint": "http://127.0.0.1:1/"}))
        self.assertEqual(error, "States.Http.Socket")
        for number, url in enumerate(("http://127.0.0.1:2/", "https://127.0.0.1/",
                                      self.daemon.url + "/")):
            error, cause = self.failure(f"http-closed-{number}",
                                        one_task(HTTP, {**task, "ApiEndpoint": url}))
            self.assertEqual(error, "States.Permissions")
            self.assertIn("--http-allow", cause)
        error, cause = self.failure("http-host", self.call(Headers={"Host": "other"}))
        self.assertEqual(error, "States.Runtime")
        self.assertIn("The header 'Host' is not allowed", cause)

    def test_the_role_decides_by_method_and_endpoint(self):
        role = self.make_role("Calls", allow(
            "states:InvokeHTTPEndpoint", resource="arn:aws:states:*:*:stateMachine:http-may-*",
            Condition={"StringEquals": {"states:HTTPMethod": "GET"},
                       "StringLike": {"states:HTTPEndpoint": self.url + "/open/*"}}))
        self.output("http-may-1", self.call("/open/a"), role=role)
        for name, definition in (("http-may-2", self.call("/closed")),
                                 ("http-may-3", self.call("/open/a", "POST")),
                                 ("http-other", self.call("/open/a"))):
            error, cause = self.failure(name, definition, role=role)
            self.assertEqual(error, "States.Permissions")
            self.assertIn("is not authorized to perform: states:InvokeHTTPEndpoint", cause)

    def test_a_daemon_that_ends_in_the_middle_of_a_call_makes_it_again(self):
        daemon = Daemon(arguments=("--http-allow", self.url)).start()
        self.addCleanup(daemon.close)
        self.addCleanup(Endpoint.free.set)
        states, iam = daemon.client("stepfunctions"), daemon.client("iam")
        role = iam.create_role(RoleName="R", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [allow("*")]}
        iam.put_role_policy(RoleName="R", PolicyName="p", PolicyDocument=json.dumps(policy))
        machine = states.create_state_machine(name="held", roleArn=role, definition=json.dumps(
            self.call("/held")))["stateMachineArn"]
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        for end in (daemon.kill, daemon.terminate):
            self.assertTrue(Endpoint.held.wait(30))
            Endpoint.held.clear()
            began = time.monotonic()
            end()
            self.assertLess(time.monotonic() - began, 20)  # not as long as the call may take
            daemon.start()
        self.assertTrue(Endpoint.held.wait(30))
        Endpoint.free.set()
        states = daemon.client("stepfunctions")

        def done():
            description = states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None
        description = wait_for(done, 30, "end of the call")
        self.assertEqual(json.loads(description["output"])["StatusCode"], 200)

    def test_a_pattern_that_is_none_is_refused_at_the_start(self):
        daemon = Daemon(arguments=("--http-allow", "example.com"))
        daemon.start(expect_ready=False)
        self.addCleanup(daemon.close)
        self.assertNotEqual(daemon.process.wait(30), 0)
        self.assertIn("'example.com' is no pattern of endpoints", daemon.tail())


class Https(WithMachines):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.known, cls.unknown = cls.serve(folder, "known"), cls.serve(folder, "unknown")
        cls.arguments = ("--http-allow", "https://localhost:*/text")
        trusted = {"SSL_CERT_FILE": str(folder / "known.pem"), "NO_PROXY": "localhost",
                   "no_proxy": "localhost"}
        with unittest.mock.patch.dict(os.environ, trusted):
            super().setUpClass()

    @classmethod
    def serve(cls, folder, name):
        """A server with a certificate of its own; its address."""
        key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key, "-out",
                        certificate, "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # who refuses the certificate breaks off
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return f"https://localhost:{server.server_port}/text"

    def test_certificates_are_checked(self):
        task = {"Method": "GET", "ApiEndpoint": self.known}
        self.assertEqual(self.output("https", one_task(HTTP, task))["ResponseBody"],
                         "plain words")
        error, cause = self.failure("https-unknown",
                                    one_task(HTTP, {**task, "ApiEndpoint": self.unknown}))
        self.assertEqual(error, "States.Http.Socket")
        self.assertIn("certificate", cause)


if __name__ == "__main__":
    unittest.main()
