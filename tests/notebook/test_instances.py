"""Notebook instances through the API: their life, who comes in, what runs inside, and what a crash of
the daemon leaves of them."""
import json
import pathlib
import sys
import unittest
import urllib.parse

from instance import Instance, Refused, daemon_with_jupyter, wait_for

import boto3
import websocket
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import ACCOUNT, REGION, make_roles

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance"

WHAT_IT_SEES = """
import json, os, pathlib, sys
print(json.dumps({
    "folder": os.getcwd(), "home": str(pathlib.Path.home()), "prefix": sys.prefix,
    "metadata": json.loads(pathlib.Path("/opt/ml/metadata/resource-metadata.json").read_text()),
    "listed": sorted(os.listdir("/home/ec2-user/SageMaker"))}))
"""

# As on an instance of AWS's: nothing is said of a daemon, names are AWS's own.
AS_ON_AWS = """
import os
for name in ("AWS_ENDPOINT_URL", "S3_ENDPOINT_URL"):
    os.environ.pop(name, None)
"""

SETUP_PY = """
from setuptools import setup
setup(name="greeting", version="{version}", py_modules=["greeting"])
"""


def code_of(error):
    return error.exception.response["Error"]["Code"]


class WithJupyter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon_with_jupyter().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.role, _ = make_roles(cls.daemon)

    def instance(self, name, **more):
        """One in service, deleted after the test."""
        instance = Instance(self.daemon, name)
        instance.create(self.role, **more)
        self.addCleanup(self.remove, instance)
        instance.until("InService")
        return instance

    def remove(self, instance):
        if instance.is_gone():
            return
        if instance.describe()["NotebookInstanceStatus"] == "InService":
            instance.stop()
        instance.api.delete_notebook_instance(NotebookInstanceName=instance.name)
        wait_for(instance.is_gone, 60, "deletion")


class ALife(WithJupyter):
    def test_from_creation_to_deletion(self):
        lab = self.instance("My-Lab", VolumeSizeInGB=8, Tags=[{"Key": "team", "Value": "vision"}])
        shown = lab.describe()
        self.assertEqual(shown["NotebookInstanceArn"], f"{ARN}/my-lab")
        self.assertEqual(shown["NotebookInstanceName"], "My-Lab")
        self.assertEqual(shown["Url"], lab.host())
        self.assertEqual(shown["VolumeSizeInGB"], 8)
        self.assertEqual(lab.api.list_tags(ResourceArn=f"{ARN}/my-lab")["Tags"],
                         [{"Key": "team", "Value": "vision"}])
        listed = lab.api.list_notebook_instances(NameContains="my-lab")["NotebookInstances"]
        self.assertEqual([one["NotebookInstanceStatus"] for one in listed], ["InService"])
        lab.enter()
        lab.write("kept.txt", "of the first start")
        lab.run("open('/home/ec2-user/elsewhere.txt', 'w').write('not kept')")
        old = lab.presigned()
        lab.stop()
        self.assertEqual(lab.exchange("GET", "/lab", headers={"Cookie": lab.cookie})[0], 404)
        lab.api.update_notebook_instance(NotebookInstanceName="My-Lab",
                                         InstanceType="ml.t3.large", VolumeSizeInGB=9)
        lab.start()
        self.assertEqual(lab.describe()["InstanceType"], "ml.t3.large")
        with self.assertRaises(Refused):
            lab.call("/api/contents")  # sessions end with the run that they were opened in
        with self.assertRaises(Refused):
            lab.enter(old)
        lab.enter()
        self.assertEqual(lab.read("kept.txt"), "of the first start")
        self.assertEqual(lab.run("import os; print(os.path.exists('/home/ec2-user/elsewhere.txt'))"),
                         "False\n")
        self.assertTrue(any("Starting JupyterLab" in line for line in lab.log()), lab.log())
        with self.assertRaises(ClientError) as refused:
            lab.api.delete_notebook_instance(NotebookInstanceName="My-Lab")
        self.assertIn("Status (InService) not in ([Stopped, Failed]). Unable to transition to "
                      f"(Deleting) for Notebook Instance ({ARN}/my-lab).", str(refused.exception))
        lab.stop()
        volumes = self.daemon.data / "volumes"
        self.assertEqual([one.name.rsplit("-", 1)[0] for one in volumes.iterdir()], ["my-lab"])
        lab.api.delete_notebook_instance(NotebookInstanceName="My-Lab")
        self.assertTrue(lab.is_gone())
        wait_for(lambda: not list(volumes.iterdir()), 30, "removal of the volume")

    def test_the_aws_cli(self):
        lab = Instance(self.daemon, "cli")
        self.addCleanup(self.remove, lab)

        def aws(operation, *more):
            return self.daemon.cli("sagemaker", operation, "--notebook-instance-name", "cli", *more)
        aws("create-notebook-instance", "--instance-type", "ml.t2.medium", "--role-arn", self.role)
        lab.until("InService")
        url = json.loads(aws("create-presigned-notebook-instance-url"))["AuthorizedUrl"]
        self.assertEqual(urllib.parse.urlsplit(url).netloc, lab.host())
        aws("stop-notebook-instance")
        lab.until("Stopped")
        aws("update-notebook-instance", "--volume-size-in-gb", "6")
        aws("delete-notebook-instance")
        self.assertTrue(lab.is_gone())


class Inside(WithJupyter):
    def test_what_a_notebook_sees(self):
        lab = self.instance("Inside")
        lab.enter()
        lab.write("a.txt", "1")
        seen = json.loads(lab.run(WHAT_IT_SEES))
        self.assertEqual(seen["folder"], "/home/ec2-user/SageMaker")
        self.assertEqual(seen["home"], "/home/ec2-user")
        self.assertEqual(seen["metadata"], {"ResourceArn": f"{ARN}/inside",
                                            "ResourceName": "Inside"})
        self.assertIn("a.txt", seen["listed"])
        self.assertLessEqual({"python3", "conda_python3"},
                             set(lab.call("/api/kernelspecs")["kernelspecs"]))
        told = lab.run("import sagemaker; print(sagemaker.get_execution_role())")
        self.assertEqual(told.splitlines()[-1], self.role)

    def test_names_of_aws_lead_to_the_daemon(self):
        self.daemon.client("s3").create_bucket(Bucket="seen-from-inside")
        for name, more in (("named", {}), ("closed", {"DirectInternetAccess": "Disabled",
                                                      "SubnetId": "subnet-1"})):
            lab = self.instance(name, **more)
            lab.enter()
            told = lab.run(AS_ON_AWS + """
import boto3
print(boto3.client("s3").meta.endpoint_url)
print([one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]])
print(boto3.client("sts", "us-east-1").get_caller_identity()["Arn"])
""").splitlines()
            self.assertEqual(told[0], "https://s3.amazonaws.com")
            self.assertIn("'seen-from-inside'", told[1])
            self.assertEqual(told[2], f"arn:aws:sts::{ACCOUNT}:assumed-role/JobRole/SageMaker")
            told = lab.run(AS_ON_AWS + """
import boto3
print([one["Name"] for one in boto3.client("s3", use_ssl=False).list_buckets()["Buckets"]])
""")
            self.assertIn("'seen-from-inside'", told)
        told = lab.run("""
import urllib.request, urllib.error
try:
    urllib.request.urlopen("https://example.com/", timeout=20)
except urllib.error.URLError as error:
    print(error)
""")
        self.assertIn("403", told)  # only the internet is closed

    def test_pip_installs_beside_what_is_there(self):
        lab = self.instance("pip")
        lab.enter()
        lab.call("/api/contents/greeting", "PUT", {"type": "directory"})
        lab.write("greeting/setup.py", SETUP_PY.format(version="1.0"))
        lab.write("greeting/greeting.py", "TEXT = 'hello'\n")
        told = lab.run("!pip install --no-index --no-build-isolation ./greeting\n"
                       "import greeting; print(greeting.TEXT, greeting.__file__)")
        self.assertIn("hello /home/ec2-user/", told)

    def test_a_platform_without_jupyterlab(self):
        lab = Instance(self.daemon, "bare")
        lab.create(self.role, PlatformIdentifier="notebook-al2-v1")
        self.addCleanup(self.remove, lab)
        failed = lab.until("Failed")
        self.assertIn("JupyterLab is not installed for /usr/bin/python3", failed["FailureReason"])
        self.assertIn("runtimes.toml", failed["FailureReason"])


class WhoComesIn(WithJupyter):
    def user(self, name, policy):
        """Keys of a user with that policy, and the user's IAM client to change it."""
        iam = self.daemon.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.daemon.client("sagemaker", key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, *actions, resource="*"):
        return {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": list(actions), "Resource": resource}]}

    def test_rights(self):
        lab = self.instance("Guarded")
        own = self.user("owner", self.allow("sagemaker:*", resource=f"{ARN}/guarded"))
        with self.assertRaises(ClientError) as denied:
            own.create_notebook_instance(NotebookInstanceName="guarded", RoleArn=self.role,
                                         InstanceType="ml.t3.medium")
        self.assertEqual(code_of(denied), "AccessDeniedException")
        self.assertIn("iam:PassRole", str(denied.exception))
        with self.assertRaises(ClientError) as denied:
            own.describe_notebook_instance(NotebookInstanceName="other")
        self.assertEqual(code_of(denied), "AccessDeniedException")
        lab.enter(lab.presigned(own))
        self.assertEqual(lab.call("/api/contents")["type"], "directory")
        socket = lab.open_kernel(lab.kernel())
        # IAM is asked at each request, and while a kernel's socket is open: a right that is taken
        # away ends the session.
        self.daemon.client("iam").delete_user_policy(UserName="owner", PolicyName="own")
        with self.assertRaises(Refused) as refused:
            lab.call("/api/contents")
        self.assertEqual(refused.exception.status, 403)
        with self.assertRaises(websocket.WebSocketConnectionClosedException):
            while True:
                socket.recv()

    def test_addresses(self):
        lab = self.instance("addressed")
        policy = self.allow("sagemaker:*")
        policy["Statement"].append({
            "Effect": "Deny", "Resource": "*",
            "Action": "sagemaker:CreatePresignedNotebookInstanceUrl",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}})
        lab.enter(lab.presigned(self.user("near", policy)))
        lab.call("/api/contents")

    def test_strangers(self):
        lab = self.instance("strange")
        for target in ("/", "/lab", "/api/contents", "/_trainyard/notebook.js",
                       "/?authToken=x", "/_trainyard/executions/arn:aws:states:x"):
            status, _, body = lab.exchange("GET", target, headers={"Accept": "text/html"})
            self.assertEqual(status, 403, target)
            self.assertIn(b"presigned", body)
        lab.enter()
        status, *_ = lab.exchange("GET", "/api/contents", headers={
            "Cookie": lab.cookie, "Origin": "http://other.notebook.localhost"})
        self.assertEqual(status, 403)
        other = self.instance("other")
        other.cookie = lab.cookie
        with self.assertRaises(Refused):
            other.call("/api/contents")
        status, *_ = Instance(self.daemon, "nobody").exchange("GET", "/lab")
        self.assertEqual(status, 404)
        # Nothing of the daemon's own is at a notebook's host.
        status, *_ = lab.exchange("GET", "/_health", headers={"Cookie": lab.cookie})
        self.assertEqual(status, 404)

    def test_bad_requests(self):
        api = boto3.client(
            "sagemaker", REGION, endpoint_url=self.daemon.url,
            aws_access_key_id=self.daemon.key, aws_secret_access_key=self.daemon.secret,
            config=Config(parameter_validation=False))  # it is the daemon that is to refuse
        for name, request, text in (
                ("a role that does not trust", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Nobody"},
                 "Could not assume role"),
                ("a type that is not known", {"InstanceType": "ml.x.huge"}, "instanceType"),
                ("a small volume", {"VolumeSizeInGB": 4}, "volumeSizeInGB"),
                ("a platform", {"PlatformIdentifier": "notebook-x"}, "platformIdentifier"),
                ("a lifecycle", {"LifecycleConfigName": "x"}, "LifecycleConfigName")):
            with self.subTest(name), self.assertRaises(ClientError) as refused:
                api.create_notebook_instance(**{
                    "NotebookInstanceName": "bad", "InstanceType": "ml.t3.medium",
                    "RoleArn": self.role, **request})
            self.assertEqual(code_of(refused), "ValidationException", name)
            self.assertIn(text, str(refused.exception), name)
            self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        with self.assertRaises(ClientError) as refused:
            api.describe_notebook_instance(NotebookInstanceName="bad")
        self.assertIn("RecordNotFound", str(refused.exception))


class ADaemonThatEnds(unittest.TestCase):
    def setUp(self):
        self.daemon = daemon_with_jupyter().start()
        self.addCleanup(self.daemon.close)
        self.role, _ = make_roles(self.daemon)
        self.lab = Instance(self.daemon, "lab")
        self.lab.create(self.role)
        self.lab.until("InService")
        self.lab.enter()

    def restart(self):
        self.daemon.listen = f"127.0.0.1:{urllib.parse.urlsplit(self.daemon.url).port}"
        self.daemon.start()

    def test_a_crash_is_not_noticed_inside(self):
        kernel = self.lab.kernel()
        self.lab.run("answer = 6 * 7", kernel)
        self.daemon.kill()
        self.restart()
        self.assertEqual(self.lab.describe()["NotebookInstanceStatus"], "InService")
        self.assertEqual(self.lab.run("print(answer)", kernel), "42\n")
        self.lab.run(AS_ON_AWS + "import boto3; boto3.client('s3').list_buckets()", kernel)

    def test_an_end_of_everything_is_a_pause(self):
        self.lab.write("kept.txt", "still here")
        self.daemon.interrupt()
        self.restart()
        self.lab.until("InService")
        self.lab.enter()
        self.assertEqual(self.lab.read("kept.txt"), "still here")


if __name__ == "__main__":
    unittest.main()
