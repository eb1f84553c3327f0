"""`trainyard env`, `init` and `credentials`: what a shell gets from them, who may have a role's
sessions, and that the tutorial's Setup, followed to the letter, is enough."""
import json
import os
import subprocess
import sys
import unittest

import boto3
import botocore.session

from harness import ACCOUNT, BIN, REGION, TRUST, Daemon, WithDaemon
from raw import plain, send, sign

ROLE = "AmazonSageMaker-ExecutionRole"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/service-role/{ROLE}"
FLOW_ARN = f"arn:aws:iam::{ACCOUNT}:role/StepFunctionsWorkflowExecutionRole"
POLICY = "arn:aws:iam::aws:policy/"
SAGEMAKER = "AmazonSageMakerFullAccess"
PASS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def allow(action, resource, service, **conditions):
    return json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": action, "Resource": resource,
        "Condition": {"StringEquals": {"iam:PassedToService": service}, **conditions}}})


def as_role(environment, code):
    """What a Python program prints in that shell."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", "import boto3, json\n" + code],
                          env=environment, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


class Init(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)

    def roles(self):
        iam = self.daemon.client("iam")
        told = {}
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            told[role["Arn"]] = (
                role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
                {p["PolicyName"] for p in
                 iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]},
                iam.list_role_policies(RoleName=name)["PolicyNames"])
        return told

    def test_it_makes_the_roles_of_the_setup(self):
        first = self.daemon.command("init")
        self.assertEqual(first.returncode, 0, first.stderr)
        made = {ROLE_ARN: ("sagemaker.amazonaws.com", {SAGEMAKER, "AWSStepFunctionsFullAccess"},
                           []),
                FLOW_ARN: ("states.amazonaws.com", set(), ["StepFunctionsWorkflowExecutionPolicy"])}
        self.assertEqual(self.roles(), made)
        for words in (ROLE_ARN, FLOW_ARN, f"--role {ROLE} --proxy",
                      f'workflow_execution_role = "{FLOW_ARN}"'):
            self.assertIn(words, first.stdout)
        # Again is as once, and puts back what is missing.
        iam = self.daemon.client("iam")
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=POLICY + SAGEMAKER)
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=TRUST)
        again = self.daemon.command("init")
        self.assertEqual((again.returncode, again.stdout), (0, first.stdout), again.stderr)
        self.assertEqual(self.roles(), made)

    def test_a_role_at_another_path_is_not_taken_for_it(self):
        self.daemon.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)
        told = self.daemon.command("init")
        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertEqual(told.stderr, f"trainyard: there is a role arn:aws:iam::{ACCOUNT}:role/"
                                      f"{ROLE} already: delete it, or use it as it is\n")

    def test_without_a_daemon(self):
        self.daemon.terminate()
        for command in (["init"], ["env"], ["env", "--role", ROLE],
                        ["credentials", "--role", ROLE]):
            told = self.daemon.command(*command)
            self.assertEqual((told.returncode, told.stdout), (1, ""), command)
            self.assertEqual(told.stderr, f"trainyard: no daemon runs on {self.daemon.data}: run "
                                          "`trainyard serve`\n")


class Env(WithDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.daemon.command("init").returncode == 0
        cls.iam = cls.daemon.client("iam")

    def test_of_root(self):
        environment = self.daemon.shell()
        self.assertEqual(environment["AWS_ENDPOINT_URL"], self.daemon.url)
        self.assertNotIn("HTTPS_PROXY", environment)
        arn = as_role(environment, "print(boto3.client('sts').get_caller_identity()['Arn'])")
        self.assertEqual(arn, f"arn:aws:iam::{ACCOUNT}:root")

    def test_of_a_role(self):
        # What was set before must not win over the role's sessions.
        for name, value in (("AWS_ACCESS_KEY_ID", "AKIAOTHER"), ("AWS_SECRET_ACCESS_KEY", "x"),
                            ("AWS_SESSION_TOKEN", "y"), ("AWS_PROFILE", "other")):
            before = os.environ.get(name)
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name) if before is None else \
                self.addCleanup(os.environ.__setitem__, name, before)
        script = 'eval "$("$0" env "$@")" && exec env -0'
        done = subprocess.run(["bash", "-ec", script, BIN / "trainyard", "--role", ROLE, "--proxy",
                               "--data", self.daemon.data], stdout=subprocess.PIPE, text=True,
                              check=True)
        environment = dict(x.split("=", 1) for x in done.stdout.split("\0") if x)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            self.assertNotIn(name, environment)
        self.assertIn("setuptools<82",
                      open(environment["PIP_CONSTRAINT"], encoding="utf-8").read())
        # What sagemaker.get_execution_role() reads, at the host that it names itself.
        arn = as_role(environment, "print(boto3.client('sts', endpoint_url='https://sts.us-east-1."
                                   "amazonaws.com').get_caller_identity()['Arn'])")
        self.assertEqual(arn, f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/SageMaker")
        # The role's rights and no others.
        told = as_role(environment, """
out = [boto3.client("sagemaker").list_models()["Models"]]
try:
    boto3.client("iam").create_user(UserName="mallory")
except Exception as error:
    out.append(error.response["Error"]["Code"])
print(json.dumps(out))""")
        self.assertEqual(json.loads(told), [[], "AccessDenied"])

    def test_the_cli_takes_the_profile_too(self):
        environment = {**self.daemon.shell("--role", ROLE), "AWS_PAGER": ""}
        aws = os.path.join(os.path.dirname(sys.executable), "aws")
        done = subprocess.run([sys.executable, aws, "sts", "get-caller-identity", "--query", "Arn"],
                              env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout,
                         f'"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/SageMaker"\n', done.stderr)

    def test_sessions_renew_themselves(self):
        self.daemon.shell("--role", ROLE)
        config = (self.daemon.data / "aws" / f"{ROLE}.config").read_text()
        # botocore renews what ends within 15 minutes: these are due at each use.
        short = self.daemon.data / "aws" / "short.config"
        short.write_text(config.replace(f"--role '{ROLE}'", f"--role '{ROLE}' --duration 900"))
        session = botocore.session.Session(profile=f"trainyard-{ROLE}")
        session.set_config_variable("config_file", str(short))
        credentials = session.get_credentials()
        self.assertEqual(credentials.method, "custom-process")
        used = [credentials.get_frozen_credentials() for _ in range(3)]
        self.assertEqual(len({keys.access_key for keys in used}), 3)
        for keys in used:  # and the earlier ones hold until their end
            sts = self.daemon.client("sts", keys.access_key, keys.secret_key, keys.token)
            self.assertIn(f"assumed-role/{ROLE}/", sts.get_caller_identity()["Arn"])
        # An hour is kept for as long as it is good.
        long = botocore.session.Session(profile=f"trainyard-{ROLE}")
        long.set_config_variable("config_file",
                                 str(self.daemon.data / "aws" / f"{ROLE}.config"))
        credentials = long.get_credentials()
        self.assertEqual(credentials.get_frozen_credentials(),
                         credentials.get_frozen_credentials())

    def test_roles_that_cannot_be_had(self):
        for arguments, words in (
                (["--role", "None"], "NoSuchEntity: The role with name None cannot be found."),
                (["--role", "a/../b"],
                 "NoSuchEntity: The role with name a/../b cannot be found."),
                (["--role", "StepFunctionsWorkflowExecutionRole"],
                 "AccessDenied: User: sagemaker.amazonaws.com is not authorized to perform: "
                 f"sts:AssumeRole on resource: {FLOW_ARN}; the role's trust policy must let "
                 "sagemaker.amazonaws.com assume it."),
                (["--role", ROLE, "--duration", "899"],
                 "ValidationError: The duration must be from 900 to 3600 seconds, the role's "
                 "MaxSessionDuration.")):
            for command in ("env", "credentials"):
                if command == "env" and "--duration" in arguments:
                    continue
                with self.subTest(f"{command} {arguments}"):
                    told = self.daemon.command(command, *arguments)
                    self.assertEqual((told.returncode, told.stdout, told.stderr),
                                     (1, "", f"trainyard: {words}\n"))

    def ask(self, keys=None, role=ROLE, query=""):
        request = plain(self.daemon.url, "POST", f"/_roles/{role}/session{query}")
        if keys is not None:
            sign("sts", request, *keys)
        status, _, body = send(request)
        return status, json.loads(body)

    def test_who_may_have_a_session(self):
        root = (self.daemon.key, self.daemon.secret)
        rows = [("allowed", allow("iam:PassRole", ROLE_ARN, "sagemaker.amazonaws.com"), 200),
                ("from-here", allow("iam:PassRole", ROLE_ARN, "sagemaker.amazonaws.com",
                                    IpAddress={"aws:SourceIp": "127.0.0.0/8"}), 200),
                ("no-policy", None, 403),
                ("other-role", allow("iam:PassRole", FLOW_ARN, "sagemaker.amazonaws.com"), 403),
                ("other-service", allow("iam:PassRole", ROLE_ARN, "states.amazonaws.com"), 403),
                ("assumer", allow("sts:AssumeRole", "*", "sagemaker.amazonaws.com"), 403)]
        for name, policy, expected in rows:
            with self.subTest(name):
                self.iam.create_user(UserName=name)
                if policy:
                    self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
                key = self.iam.create_access_key(UserName=name)["AccessKey"]
                status, body = self.ask((key["AccessKeyId"], key["SecretAccessKey"]))
                self.assertEqual(status, expected, body)
                if expected == 403:
                    self.assertEqual(body["code"], "AccessDenied")
                    self.assertIn(f"is not authorized to perform: iam:PassRole on resource: "
                                  f"{ROLE_ARN}", body["message"])
                    # Whether a role exists is none of their business.
                    status, body = self.ask((key["AccessKeyId"], key["SecretAccessKey"]), "None")
                    self.assertEqual((status, body["code"]), (403, "AccessDenied"))
        status, body = self.ask(root)
        self.assertEqual((status, sorted(body)),
                         (200, ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken",
                                "Version"]))
        # A session's own principal passes what its role passes.
        session = (body["AccessKeyId"], body["SecretAccessKey"], body["SessionToken"])
        self.assertEqual(self.ask(session)[0], 200)
        for keys, status, code in ((None, 403, "MissingAuthenticationToken"),
                                   ((root[0], "wrong"), 403, "SignatureDoesNotMatch"),
                                   (("AKIANOBODY", "wrong"), 403, "InvalidClientTokenId"),
                                   (session[:2], 403, "InvalidClientTokenId")):
            told, body = self.ask(keys)
            self.assertEqual((told, body["code"]), (status, code))
        for query, status in (("?duration=x", 400), ("?duration=3601", 400),
                              ("?duration=3600", 200)):
            self.assertEqual(self.ask(root, query=query)[0], status, query)
        self.assertEqual(send(plain(self.daemon.url, "GET", f"/_roles/{ROLE}/session"))[0], 404)


class Setup(unittest.TestCase):
    """The tutorial's Setup, step by step in IAM's own words, then its first calls."""

    def start(self, *arguments):
        self.daemon = Daemon(arguments=arguments).start()
        self.addCleanup(self.daemon.close)
        iam = self.daemon.client("iam")
        for name, service in (("NotebookRole", "sagemaker"),
                              ("StepFunctionsWorkflowExecutionRole", "states")):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole",
                     "Principal": {"Service": f"{service}.amazonaws.com"}}]}))
        for policy in (SAGEMAKER, "AWSStepFunctionsFullAccess"):
            iam.attach_role_policy(RoleName="NotebookRole", PolicyArn=POLICY + policy)
        told = self.daemon.command("credentials", "--role", "NotebookRole")
        keys = json.loads(told.stdout)
        self.notebook = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"],
                                      keys["SessionToken"], REGION)
        return iam

    def create(self):
        states = self.notebook.client("stepfunctions", endpoint_url=self.daemon.url)
        return states.create_state_machine(name="pipeline", definition=PASS, roleArn=FLOW_ARN)

    def test_it_is_enough(self):
        iam = self.start()
        self.create()
        versions = iam.list_policy_versions(PolicyArn=POLICY + SAGEMAKER)["Versions"]
        self.assertEqual([(v["VersionId"], v["IsDefaultVersion"]) for v in versions],
                         [("v29", False), ("v18", True)])
        statement = {}
        for version in ("v18", "v29"):
            document = iam.get_policy_version(PolicyArn=POLICY + SAGEMAKER,
                                              VersionId=version)["PolicyVersion"]["Document"]
            statement[version] = [s["Resource"] for s in document["Statement"]
                                  if s["Action"] == ["iam:PassRole"] and "states.amazonaws.com" in
                                  s["Condition"]["StringEquals"]["iam:PassedToService"]]
        self.assertEqual(statement, {"v18": ["arn:aws:iam::*:role/*"],
                                     "v29": ["arn:aws:iam::*:role/*AmazonSageMaker*"]})

    def test_the_version_of_today_is_there_for_the_asking(self):
        iam = self.start("--managed-policy", f"{SAGEMAKER}=v29")
        policy = iam.get_policy(PolicyArn=POLICY + SAGEMAKER)["Policy"]
        self.assertEqual(policy["DefaultVersionId"], "v29")
        with self.assertRaises(Exception) as told:
            self.create()
        self.assertEqual(told.exception.response["Error"]["Code"], "AccessDeniedException")
        self.assertIn(f"is not authorized to perform: iam:PassRole on resource: {FLOW_ARN}",
                      told.exception.response["Error"]["Message"])

    def test_versions_that_are_none(self):
        for value, words in ((f"{SAGEMAKER}=v30", f"{SAGEMAKER} has no version v30, only v29, v18"),
                             ("None=v1", "there is no managed policy None here"),
                             ("None", "--managed-policy wants NAME=VERSION, not None")):
            daemon = Daemon()
            self.addCleanup(daemon.close)
            told = daemon.command("serve", "--listen", "127.0.0.1:0", "--managed-policy", value)
            self.assertEqual((told.returncode, told.stderr), (1, f"trainyard: {words}\n"))


if __name__ == "__main__":
    unittest.main()
