"""Denied is denied: roles without a right fail there, and an unsigned or altered request reaches no
handler, whatever the operation."""
import copy
import json
import unittest

from harness import (SERVING_IMAGE, WORKFLOW_POLICY, Daemon, WithDaemon, WithRoles, make_roles,
                     source_archive, tutorial_definition, tutorial_input, upload_code, wait_for)
from raw import JSON, QUERY, operations, request_for, send, sign

# How each protocol says "no": (code, status) of a key that nobody has, of a wrong secret, of a
# token that does not belong to the key.
JSON_REFUSALS = (("UnrecognizedClientException", 400), ("InvalidSignatureException", 400),
                 ("UnrecognizedClientException", 400))
REST_JSON_REFUSALS = tuple((code, 403) for code, _ in JSON_REFUSALS)
QUERY_REFUSALS = (("InvalidClientTokenId", 403), ("SignatureDoesNotMatch", 403),
                  ("InvalidClientTokenId", 403))
S3_REFUSALS = (("InvalidAccessKeyId", 403), ("SignatureDoesNotMatch", 403), ("InvalidToken", 400))
REFUSALS = {**dict.fromkeys(JSON, JSON_REFUSALS), **dict.fromkeys(QUERY, QUERY_REFUSALS),
            "runtime": REST_JSON_REFUSALS, "s3": S3_REFUSALS}


def altered_signature(request):
    value = request.headers["Authorization"]
    del request.headers["Authorization"]
    request.headers["Authorization"] = value[:-1] + ("0" if value[-1] != "0" else "1")


def altered_date(request):
    date = request.headers["X-Amz-Date"]
    del request.headers["X-Amz-Date"]
    request.headers["X-Amz-Date"] = date[:-2] + ("7Z" if date[-2] != "7" else "8Z")


def altered_query(request):
    request.url += ("&" if "?" in request.url else "?") + "extra=1"


class Unsigned(WithDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.any = {service: (operation, http) for service, operation, http in operations()
                   if http["method"] != "HEAD"}  # one operation of each service

    def request(self, service, operation=None, http=None):
        operation, http = (operation, http) if operation else self.any[service]
        return request_for(self.daemon.url, service, operation, http)

    def refused(self, request):
        status, code, _ = send(request)
        return code, status

    def test_no_operation_takes_an_unsigned_or_altered_request(self):
        count = 0
        for service, operation, http in operations():
            with self.subTest(f"{service}:{operation}"):
                count += 1
                status, code, body = send(self.request(service, operation, http))
                refusal = REFUSALS[service][1]
                self.assertEqual(status, refusal[1], body)
                no_body = http["method"] == "HEAD"
                self.assertEqual(code == "", no_body, body)
                expected = ("" if no_body else refusal[0], refusal[1])
                for change in (altered_signature, altered_date, altered_query):
                    request = self.request(service, operation, http)
                    sign(service, request, self.daemon.key, self.daemon.secret)
                    change(request)
                    self.assertEqual(self.refused(request), expected, change.__name__)
        self.assertGreater(count, 100)
        self.assertEqual(self.daemon.client("s3").list_buckets()["Buckets"], [])
        self.assertEqual(self.daemon.client("iam").list_roles()["Roles"], [])

    def test_without_a_signature(self):
        for service in [*JSON, "runtime"]:
            with self.subTest(service):
                self.assertEqual(self.refused(self.request(service)),
                                 ("MissingAuthenticationTokenException",
                                  403 if service == "runtime" else 400))

    def test_without_a_signature_in_xml(self):
        malformed = "AWS4-HMAC-SHA256 Credential=malformed"
        for service, missing, incomplete in (
                ("iam", "MissingAuthenticationToken", "IncompleteSignature"),
                ("sts", "MissingAuthenticationToken", "IncompleteSignature"),
                ("s3", "AccessDenied", "AuthorizationHeaderMalformed")):
            with self.subTest(service):
                self.assertEqual(self.refused(self.request(service)), (missing, 403))
                request = self.request(service)
                request.headers["Authorization"] = malformed
                self.assertEqual(self.refused(request), (incomplete, 400))

    def test_wrong_keys(self):
        key, secret = self.daemon.key, self.daemon.secret
        for service, refusals in REFUSALS.items():
            for keys, expected in zip((("AKIAUNKNOWNKEY00000", "x"), (key, "wrong"),
                                       (key, secret, "not-a-token")), refusals):
                with self.subTest(f"{service} {keys}"):
                    request = sign(service, self.request(service), *keys)
                    self.assertEqual(self.refused(request), expected)

    def test_an_altered_body_is_refused(self):
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket="some-name")
        for service, operation in (("states", "CreateStateMachine"), ("iam", "CreateUser"),
                                   ("s3", "PutObject")):
            http = {"method": "PUT", "requestUri": "/{Bucket}/{Key+}"}
            request = self.request(service, operation, http)
            sign(service, request, self.daemon.key, self.daemon.secret)
            request.data = request.data.replace(b"C", b"D") + b" "
            expected = ("XAmzContentSHA256Mismatch", 400) if service == "s3" else \
                REFUSALS[service][1]
            with self.subTest(service):
                self.assertEqual(self.refused(request), expected)
        self.assertNotIn("Contents", s3.list_objects_v2(Bucket="some-name"))
        s3.delete_bucket(Bucket="some-name")


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

    def check_denied(self, action):
        policy = copy.deepcopy(WORKFLOW_POLICY)
        policy["Statement"] = [s for s in policy["Statement"] if s["Action"] != [action]]
        for statement in policy["Statement"]:
            statement["Action"] = [a for a in statement["Action"] if a != action]
        description, events, jobs = self.run_with(policy)
        self.assertEqual((description["status"], description["error"]),
                         ("FAILED", "SageMaker.AmazonSageMakerException"))
        failed = [event for event in events if event["type"] == "TaskFailed"]
        self.assertEqual(len(failed), 1)
        details = failed[0]["taskFailedEventDetails"]
        self.assertEqual((details["resource"], details["error"]),
                         ("createTrainingJob.sync", description["error"]))
        self.assertEqual(details["cause"], description["cause"])
        self.assertIn(f"is not authorized to perform: {action} on resource: ", details["cause"])
        self.assertIn("Status Code: 400; Error Code: AccessDeniedException;", details["cause"])
        entered = [event["stateEnteredEventDetails"]["name"] for event in events
                   if event["type"] == "TaskStateEntered"]
        self.assertEqual(entered, ["Training"])
        self.assertEqual(jobs, [])

    def test_without_create_training_job(self):
        self.check_denied("sagemaker:CreateTrainingJob")

    def test_without_pass_role(self):
        self.check_denied("iam:PassRole")

    def test_a_user_without_policies_may_nothing(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        iam = daemon.client("iam")
        iam.create_user(UserName="bob")
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        keys = key["AccessKeyId"], key["SecretAccessKey"]
        self.assertTrue(daemon.client("sts", *keys).get_caller_identity()["Arn"]
                        .endswith(":user/bob"))
        for service, action, code, status, call in (
                ("s3", "s3:ListAllMyBuckets", "AccessDenied", 403, lambda c: c.list_buckets()),
                ("iam", "iam:ListRoles", "AccessDenied", 403, lambda c: c.list_roles()),
                ("sagemaker", "sagemaker:ListModels", "AccessDeniedException", 400,
                 lambda c: c.list_models()),
                ("stepfunctions", "states:ListStateMachines", "AccessDeniedException", 400,
                 lambda c: c.list_state_machines()),
                ("logs", "logs:DescribeLogGroups", "AccessDeniedException", 400,
                 lambda c: c.describe_log_groups()),
                ("events", "events:ListRules", "AccessDeniedException", 400,
                 lambda c: c.list_rules()),
                ("cloudwatch", "cloudwatch:ListMetrics", "AccessDenied", 400,
                 lambda c: c.list_metrics()),
                ("sagemaker-runtime", "sagemaker:InvokeEndpoint", "AccessDeniedException", 403,
                 lambda c: c.invoke_endpoint(EndpointName="none", Body=b""))):
            client = daemon.client(service, *keys)
            with self.subTest(action):
                with self.assertRaises(client.exceptions.ClientError) as caught:
                    call(client)
                response = caught.exception.response
                self.assertEqual((response["Error"]["Code"],
                                  response["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
                self.assertIn(f"user/bob is not authorized to perform: {action} on resource: ",
                              response["Error"]["Message"])


class AtOnce(WithRoles):
    """What InvokeEndpoint keeps in memory is never older than the last answered change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        s3 = upload_code(cls.daemon, "code-bucket")
        s3.put_object(Bucket="code-bucket", Key="model.tar.gz",
                      Body=source_archive({"model.txt": ("weights", 0o644)}))
        cls.sagemaker, cls.iam = cls.daemon.client("sagemaker"), cls.daemon.client("iam")
        cls.sagemaker.create_model(
            ModelName="model", ExecutionRoleArn=cls.job_role, PrimaryContainer={
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
