"""Denied is denied: roles without a right fail there, and an unsigned or altered request reaches no
handler, whatever the operation."""
import copy
import json
import pathlib
import unittest
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import (REGION, ROOT, SERVING_IMAGE, WORKFLOW_POLICY, Daemon, make_roles,
                     source_archive, tutorial_definition, tutorial_input, upload_code, wait_for)

SERVICES = {  # our folder: (signing name, protocol, target prefix)
    "states": ("states", "json", "AWSStepFunctions"), "sagemaker": ("sagemaker", "json", "SageMaker"),
    "logs": ("logs", "json", "Logs_20140328"), "events": ("events", "json", "AWSEvents"),
    "iam": ("iam", "query", "2010-05-08"), "sts": ("sts", "query", "2011-06-15"),
    "s3": ("s3", "rest", None), "runtime": ("sagemaker", "rest", None)}


def operations():
    for service in SERVICES:
        model = json.loads((ROOT / "api" / f"{service}.json").read_text())
        for line in (ROOT / "api" / f"{service}.ops").read_text().splitlines():
            words = line.split("#")[0].split()
            if words:
                yield service, words[0], model["operations"][words[0]]["http"]


def request_for(url, service, operation, http):
    _, protocol, target = SERVICES[service]
    if protocol == "json":
        headers = {"X-Amz-Target": f"{target}.{operation}",
                   "Content-Type": "application/x-amz-json-1.1"}
        return botocore.awsrequest.AWSRequest("POST", url + "/", headers, b"{}")
    if protocol == "query":
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return botocore.awsrequest.AWSRequest(
            "POST", url + "/", headers, f"Action={operation}&Version={target}".encode())
    path = http["requestUri"]
    for label in ("{Bucket}", "{EndpointName}"):
        path = path.replace(label, "some-name")
    path = path.replace("{Key+}", "some/key")
    body = b"" if http["method"] in ("GET", "HEAD", "DELETE") else b"<x/>"
    return botocore.awsrequest.AWSRequest(http["method"], url + path, {}, body)


def send(request):
    prepared = request.prepare()
    plain = urllib.request.Request(prepared.url, method=prepared.method, data=prepared.body or None,
                                   headers=dict(prepared.headers.items()))
    try:
        with urllib.request.urlopen(plain, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Unsigned(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.keys = botocore.credentials.Credentials(cls.daemon.key, cls.daemon.secret)

    def sign(self, service, request):
        name = SERVICES[service][0]
        signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer(self.keys, name, REGION).add_auth(request)

    def test_no_operation_takes_an_unsigned_or_altered_request(self):
        count = 0
        for service, operation, http in operations():
            with self.subTest(f"{service}:{operation}"):
                count += 1
                request = request_for(self.daemon.url, service, operation, http)
                status, body = send(request)
                self.assertEqual(status, 403, body)

                def altered(change):
                    request = request_for(self.daemon.url, service, operation, http)
                    self.sign(service, request)
                    change(request)
                    status, body = send(request)
                    self.assertEqual(status, 403, body)
                    self.assertRegex(
                        body + "Signature", "Signature|InvalidClientTokenId|UnrecognizedClient")

                def other_signature(request):
                    value = request.headers["Authorization"]
                    del request.headers["Authorization"]
                    flipped = value[:-1] + ("0" if value[-1] != "0" else "1")
                    request.headers["Authorization"] = flipped

                def other_date(request):
                    date = request.headers["X-Amz-Date"]
                    del request.headers["X-Amz-Date"]
                    request.headers["X-Amz-Date"] = date[:-2] + ("7Z" if date[-2] != "7" else "8Z")

                def other_query(request):
                    request.url += ("&" if "?" in request.url else "?") + "extra=1"

                for change in (other_signature, other_date, other_query):
                    altered(change)
        self.assertGreater(count, 100)
        self.assertEqual(self.daemon.client("s3").list_buckets()["Buckets"], [])
        self.assertEqual(self.daemon.client("iam").list_roles()["Roles"], [])

    def test_an_altered_body_is_refused(self):
        for service, operation in (("states", "CreateStateMachine"), ("iam", "CreateUser")):
            http = {"method": "POST", "requestUri": "/"}
            request = request_for(self.daemon.url, service, operation, http)
            self.sign(service, request)
            request.data = request.data.replace(b"C", b"D") + b" "
            status, body = send(request)
            self.assertEqual(status, 403, body)

    def test_a_session_token_is_part_of_the_key(self):
        iam = self.daemon.client("iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        sts = self.daemon.client("sts", key["AccessKeyId"], key["SecretAccessKey"], "not-a-token")
        with self.assertRaises(sts.exceptions.ClientError) as caught:
            sts.get_caller_identity()
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidClientTokenId")


class Denied(unittest.TestCase):
    def run_with(self, policy):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        job_role, flow_role = make_roles(daemon, policy)
        upload_code(daemon, "code-bucket")
        states = daemon.client("stepfunctions")
        machine = states.create_state_machine(
            name="flow", roleArn=flow_role,
            definition=json.dumps(tutorial_definition()))["stateMachineArn"]
        execution = states.start_execution(
            stateMachineArn=machine, name="run",
            input=json.dumps(tutorial_input("run", job_role, "code-bucket")))["executionArn"]

        def ended():
            description = states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None
        description = wait_for(ended, 30, "end of the execution")
        events = states.get_execution_history(executionArn=execution)["events"]
        jobs = daemon.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
        return description, events, jobs

    def check_denied(self, without, words):
        policy = copy.deepcopy(WORKFLOW_POLICY)
        policy["Statement"] = [s for s in policy["Statement"] if s["Action"] != [without]]
        for statement in policy["Statement"]:
            statement["Action"] = [a for a in statement["Action"] if a != without]
        description, events, jobs = self.run_with(policy)
        self.assertEqual(description["status"], "FAILED")
        failed = [event for event in events if event["type"] == "TaskFailed"]
        self.assertEqual(len(failed), 1)
        details = failed[0]["taskFailedEventDetails"]
        self.assertEqual(details["resource"], "createTrainingJob.sync")
        self.assertIn("AccessDenied", details["error"] + details["cause"])
        self.assertIn(words, details["cause"])
        entered = [event["stateEnteredEventDetails"]["name"] for event in events
                   if event["type"] == "TaskStateEntered"]
        self.assertEqual(entered, ["Training"])
        self.assertEqual(jobs, [])

    def test_without_create_training_job(self):
        self.check_denied("sagemaker:CreateTrainingJob", "sagemaker:CreateTrainingJob")

    def test_without_pass_role(self):
        self.check_denied("iam:PassRole", "iam:PassRole")

    def test_a_user_without_policies_may_nothing(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        iam = daemon.client("iam")
        iam.create_user(UserName="bob")
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        self.assertTrue(daemon.client("sts", *keys).get_caller_identity()["Arn"]
                        .endswith(":user/bob"))
        for service, call, code in (
                ("s3", lambda c: c.list_buckets(), "AccessDenied"),
                ("iam", lambda c: c.list_roles(), "AccessDenied"),
                ("sagemaker", lambda c: c.list_models(), "AccessDeniedException"),
                ("stepfunctions", lambda c: c.list_state_machines(), "AccessDeniedException")):
            client = daemon.client(service, *keys)
            with self.subTest(service), self.assertRaises(client.exceptions.ClientError) as caught:
                call(client)
            self.assertEqual(caught.exception.response["Error"]["Code"], code)


class AtOnce(unittest.TestCase):
    """What InvokeEndpoint keeps in memory is never older than the last answered change."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.role, _ = make_roles(cls.daemon)
        s3 = upload_code(cls.daemon, "code-bucket")
        s3.put_object(Bucket="code-bucket", Key="model.tar.gz",
                      Body=source_archive({"model.txt": ("weights", 0o644)}))
        cls.sagemaker, cls.iam = cls.daemon.client("sagemaker"), cls.daemon.client("iam")
        cls.sagemaker.create_model(
            ModelName="model", ExecutionRoleArn=cls.role, PrimaryContainer={
                "Image": SERVING_IMAGE, "ModelDataUrl": "s3://code-bucket/model.tar.gz",
                "Environment": {"SAGEMAKER_PROGRAM": "noop-model", "SAGEMAKER_SUBMIT_DIRECTORY":
                                "s3://code-bucket/code/sourcedir.tar.gz"}})
        for variant in ("blue", "green"):
            cls.sagemaker.create_endpoint_config(
                EndpointConfigName=variant, ProductionVariants=[
                    {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge",
                     "ModelName": "model", "VariantName": variant}])
        cls.sagemaker.create_endpoint(EndpointName="colours", EndpointConfigName="blue")
        cls.in_service()

    @classmethod
    def in_service(cls):
        wait_for(lambda: cls.sagemaker.describe_endpoint(EndpointName="colours")[
            "EndpointStatus"] == "InService", 60, "endpoint in service")

    def user(self, name):
        """A user who may invoke; returns (access key, its client of the runtime)."""
        self.iam.create_user(UserName=name)
        self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}]}))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key, self.daemon.client("sagemaker-runtime", key["AccessKeyId"],
                                       key["SecretAccessKey"])

    def invoke(self, client):
        """The variant that answered, or the error's code."""
        try:
            answer = client.invoke_endpoint(EndpointName="colours", Body=b"[[1, 2]]",
                                            ContentType="application/json",
                                            Accept="application/json")
            self.assertEqual(json.loads(answer["Body"].read()), [[1.0, 2.0]])
            return answer["InvokedProductionVariant"]
        except client.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    def test_a_key_that_is_deactivated(self):
        key, client = self.user("carol")
        for _ in range(3):
            for status, expected in (("Active", "blue"),
                                     ("Inactive", "UnrecognizedClientException")):
                self.iam.update_access_key(UserName="carol", AccessKeyId=key["AccessKeyId"],
                                           Status=status)
                self.assertEqual(self.invoke(client), expected)
                self.assertEqual(self.invoke(client), expected)

    def test_a_policy_that_changes(self):
        _, client = self.user("dave")
        for effect, expected in (("Allow", "blue"), ("Deny", "AccessDeniedException")) * 3:
            self.iam.put_user_policy(UserName="dave", PolicyName="p", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [
                    {"Effect": effect, "Action": "sagemaker:*", "Resource": "*"}]}))
            self.assertEqual(self.invoke(client), expected)
            self.assertEqual(self.invoke(client), expected)

    def test_routes_that_change(self):  # after the others, by its name
        client = self.daemon.client("sagemaker-runtime")
        self.assertEqual(self.invoke(client), "blue")
        self.sagemaker.update_endpoint(EndpointName="colours", EndpointConfigName="green")
        seen = set()
        while self.sagemaker.describe_endpoint(EndpointName="colours")[
                "EndpointStatus"] != "InService":
            seen.add(self.invoke(client))
        self.assertLessEqual(seen, {"blue", "green"})
        for _ in range(5):
            self.assertEqual(self.invoke(client), "green")
        self.sagemaker.delete_endpoint(EndpointName="colours")
        self.assertEqual(self.invoke(client), "ValidationError")
        wait_for(lambda: not self.sagemaker.list_endpoints()["Endpoints"], 60, "endpoint gone")
        self.sagemaker.create_endpoint(EndpointName="colours", EndpointConfigName="blue")
        self.in_service()
        self.assertEqual(self.invoke(client), "blue")


if __name__ == "__main__":
    unittest.main(verbosity=2)
