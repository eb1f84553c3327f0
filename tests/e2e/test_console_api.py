"""The console's API: who comes in, what is called as whom, and what a page is kept from."""
import gzip
import json
import os
import re
import shutil
import socket
import unittest

from console_api import ConsoleApi
from harness import BIN, REGION, SERVING_IMAGE, Daemon, WithRoles, upload_code, wait_for

ROOT_ARN = "arn:aws:iam::000000000000:root"
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "SecondsPath": "$.seconds",
                                               "End": True}}}


class WithConsole(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iam = cls.daemon.client("iam")

    def setUp(self):
        self.api = ConsoleApi(self.daemon)

    def logged_in(self, **proof):
        answer = self.api.log_in(**proof)
        self.assertEqual(answer.status, 200, answer.body)
        return self.api

    def user(self, name, *statements):
        """Keys of a new user who may do what the statements say."""
        self.iam.create_user(UserName=name)
        if statements:
            self.iam.put_user_policy(
                UserName=name, PolicyName="own", PolicyDocument=json.dumps(
                    {"Version": "2012-10-17", "Statement": list(statements)}))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}

    def assert_refused(self, answer, status, code, part=""):
        self.assertEqual((answer.status, answer.json["__type"]), (status, code), answer.body)
        self.assertIn(part, answer.json["message"])
        self.assertNotIn("\n", answer.json["message"])


class Logins(WithConsole):
    def test_by_an_access_key(self):
        answer = self.api.log_in()
        self.assertEqual(answer.status, 200)
        told = answer.json
        self.assertEqual((told["arn"], told["account"], told["userId"], told["region"]),
                         (ROOT_ARN, "000000000000", "000000000000", REGION))
        self.assertRegex(told.pop("token"), r"^[0-9a-f]{64}$")
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(self.api.send("GET", "api/session").json, told)

    def test_by_a_link_that_opens_once(self):
        link = self.api.link()
        self.assertEqual(link.status, 200, link.body)
        url = link.json["url"]
        self.assertRegex(url, rf"^{self.daemon.url}/_console/#/login/[0-9a-f]{{64}}$")
        token = url.rpartition("/")[2]
        self.logged_in(token=token)
        again = ConsoleApi(self.daemon)
        self.assert_refused(again.log_in(token=token), 403, "AccessDeniedException",
                            "used already")
        self.assert_refused(again.log_in(token="0" * 64), 403, "AccessDeniedException")
        self.assertIsNone(again.token)

    def test_the_command_prints_a_link(self):
        done = self.daemon.command("console", "--print")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.logged_in(token=done.stdout.strip().rpartition("/")[2])
        self.assertEqual(self.api.call("sts", "GetCallerIdentity").json["Arn"], ROOT_ARN)

    def test_the_command_of_a_daemon_that_others_reach(self):
        daemon = Daemon(listen="0.0.0.0:0").start()
        self.addCleanup(daemon.close)
        done = daemon.command("console", "--print")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("http://127.0.0.1:", done.stdout)
        self.assertRegex(done.stderr, r"^From elsewhere: .*--host.*127\.0\.0\.1\.\n$")
        self.assertEqual(self.daemon.command("console", "--print").stderr, "")

    def test_the_command_of_a_daemon_at_an_address_of_its_own(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address would
            except OSError:
                self.skipTest("this machine has no address but its loopback ones")
            address = probe.getsockname()[0]
        daemon = Daemon(listen=f"{address}:0").start()
        self.addCleanup(daemon.close)
        done = daemon.command("console", "--print")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"http://{address}:", done.stdout)
        api = ConsoleApi(daemon)
        self.assertEqual(api.log_in(token=done.stdout.strip().rpartition("/")[2]).status, 200)
        self.assertEqual(api.send("GET", "api/session", Host="0.0.0.0").status, 403)

    def test_a_link_for_a_signature_only(self):
        self.assertEqual(self.api.link(secret="wrong").status, 403)
        self.assertEqual(self.api.post("links", {}).status, 403)

    def test_wrong_logins(self):
        key = {"accessKeyId": self.daemon.key, "secretAccessKey": self.daemon.secret}
        for wrong in ({}, {"accessKeyId": "AKIANOSUCHKEY0000000", "secretAccessKey": "x"},
                      {**key, "secretAccessKey": "wrong"}, {**key, "sessionToken": "none"},
                      {"accessKeyId": 7}):
            self.assert_refused(self.api.log_in(**wrong) if wrong else self.api.post("session", {}),
                                403, "AccessDeniedException")
        # Whoever logs in has proved nothing yet: little of what is sent is taken in.
        self.assert_refused(self.api.log_in(**key, more="0" * 16_384), 413,
                            "RequestEntityTooLargeException")
        self.assert_refused(self.api.send("POST", "api/session", "{"), 400,
                            "SerializationException")

    def test_a_session_of_a_role(self):
        self.iam.create_role(RoleName="Viewer", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}]}))
        keys = self.user("actor", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
        sts = self.daemon.client("sts", keys["accessKeyId"], keys["secretAccessKey"])
        role = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/Viewer",
                               RoleSessionName="me", DurationSeconds=900)["Credentials"]
        told = self.api.log_in(accessKeyId=role["AccessKeyId"],
                               secretAccessKey=role["SecretAccessKey"],
                               sessionToken=role["SessionToken"])
        self.assertEqual(told.status, 200, told.body)
        self.assertEqual(told.json["arn"], "arn:aws:sts::000000000000:assumed-role/Viewer/me")
        self.assertEqual(told.json["expires"], int(role["Expiration"].timestamp()))
        self.assert_refused(self.api.call("states", "ListStateMachines"), 400,
                            "AccessDeniedException", "states:ListStateMachines")
        link = self.api.link(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])
        self.logged_in(token=link.json["url"].rpartition("/")[2])

    def test_without_a_session(self):
        for token in (None, "0" * 64, "1"):
            self.api.token = token
            for answer in (self.api.send("GET", "api/session"),
                           self.api.call("sts", "GetCallerIdentity"),
                           self.api.post("graph", {"definition": "{}"}),
                           self.api.post("watch", {"reads": []}),
                           self.api.send("GET", "api/s3/bucket/key"),
                           self.api.send("GET", "api/host"),
                           self.api.send("GET", "api/nothing")):
                self.assert_refused(answer, 401, "ExpiredTokenException", "trainyard console")

    def test_a_session_ends_with_its_key(self):
        keys = self.user("leaver")
        self.logged_in(**keys)
        self.assertEqual(self.api.send("GET", "api/session").status, 200)
        self.iam.update_access_key(UserName="leaver", AccessKeyId=keys["accessKeyId"],
                                   Status="Inactive")
        self.assertEqual(self.api.send("GET", "api/session").status, 401)
        self.assert_refused(ConsoleApi(self.daemon).log_in(**keys), 403, "AccessDeniedException")

    def test_logging_out(self):
        self.logged_in()
        self.assertEqual(self.api.send("DELETE", "api/session").status, 200)
        self.assertEqual(self.api.send("GET", "api/session").status, 401)

    def test_failures_are_bounded(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        api = ConsoleApi(daemon)
        wrong = {"accessKeyId": daemon.key, "secretAccessKey": "wrong"}
        codes = [api.log_in(**wrong).status for _ in range(22)]
        self.assertEqual(codes, [403] * 20 + [429] * 2)
        self.assertEqual(api.log_in().status, 429)
        # Nobody is kept out: links open all the same, however many wrong ones were tried.
        self.assertEqual([api.log_in(token="wrong").status for _ in range(22)], [403] * 22)
        token = api.link().json["url"].rpartition("/")[2]
        self.assertEqual(api.log_in(token=token).status, 200)


class Guards(WithConsole):
    def test_what_other_pages_send(self):
        self.logged_in()
        self.assertEqual(self.api.call("sts", "GetCallerIdentity").status, 200)
        for changes in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": "http://127.0.0.1:1"}, {"Sec_Fetch_Site": "cross-site"},
                        {"Sec_Fetch_Site": "same-site"}):
            for method, path in (("POST", "api/call/sts/GetCallerIdentity"),
                                 ("DELETE", "api/session"), ("PUT", "api/s3/bucket/key"),
                                 ("POST", "api/session"), ("POST", "api/watch")):
                answer = self.api.send(method, path, "{}", **changes)
                self.assert_refused(answer, 403, "AccessDeniedException")
        # A picture or a script of another port's page.
        self.assertEqual(self.api.send("GET", "api/session", Sec_Fetch_Site="same-site").status,
                         403)
        self.assertEqual(self.api.send("GET", "api/session").status, 200)
        # No page at all: curl.
        self.assertEqual(self.api.send("GET", "api/session", Origin=None,
                                       Sec_Fetch_Site=None).status, 200)
        # What a browser sends of itself opens nothing.
        self.assertEqual(self.api.send("GET", "api/session", X_Trainyard_Console=None,
                                       Cookie=f"trainyard_console={self.api.token}").status, 401)

    def test_other_hosts(self):
        self.logged_in()
        for host in ("evil.example", "127.0.0.1.evil.example"):
            origin = {"Host": host, "Origin": f"http://{host}"}
            self.assertEqual(self.api.send("GET", "api/session", **origin).status, 403)
            self.assertEqual(self.api.send("GET", "", **origin).status, 403)
            self.assertEqual(self.api.send("GET", "states/home", **origin).status, 403)
            self.assertEqual(self.api.send("GET", "assets/x.js", **origin).status, 403)

    def test_wrong_methods_and_addresses(self):
        self.logged_in()
        for method, path, status in (
                ("GET", "api/call/sts/GetCallerIdentity", 405), ("GET", "api/watch", 405),
                ("PUT", "api/session", 405), ("GET", "api/links", 405), ("GET", "api/graph", 405),
                ("GET", "api/", 404), ("POST", "api/call/sts", 404),
                ("POST", "api/call/sts/GetCallerIdentity/more", 404),
                ("GET", "api/runtime/other", 404)):
            answer = self.api.send(method, path)
            self.assertEqual((answer.status, "__type" in answer.json), (status, True), path)
        self.assertEqual(self.api.send("POST", "", "").status, 405)
        self.assertEqual(self.api.send("GET", "nothing").status, 404)


class Calls(WithConsole):
    def test_each_service_by_its_own_names(self):
        self.logged_in()
        for service, operation, members, told in (
                ("states", "ListStateMachines", {}, "stateMachines"),
                ("sagemaker", "ListTrainingJobs", {"MaxResults": 5}, "TrainingJobSummaries"),
                ("logs", "DescribeLogGroups", {}, "logGroups"),
                ("monitoring", "ListMetrics", {}, "Metrics"),
                ("iam", "GetRole", {"RoleName": "JobRole"}, "Role"),
                ("sts", "GetCallerIdentity", {}, "Arn"),
                ("s3", "ListBuckets", {}, "Buckets"),
                ("events", "ListRules", {}, "Rules")):
            answer = self.api.call(service, operation, **members)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertIn(told, answer.json)
            self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_members_have_the_models_names(self):
        self.logged_in()
        self.assertEqual(self.api.call("s3", "CreateBucket", Bucket="names").status, 200)
        self.daemon.client("s3").put_object(Bucket="names", Key="dir/a b", Body=b"12345",
                                            ContentType="text/x-own", Metadata={"a": "b"})
        head = self.api.call("s3", "HeadObject", Bucket="names", Key="dir/a b").json
        self.assertEqual((head["ContentLength"], head["ContentType"], head["Metadata"]),
                         (5, "text/x-own", {"a": "b"}))
        self.assertIsInstance(head["LastModified"], (int, float))
        listed = self.api.call("s3", "ListObjectsV2", Bucket="names", Delimiter="/").json
        self.assertEqual(listed["CommonPrefixes"], [{"Prefix": "dir/"}])
        batch = self.api.call("s3", "DeleteObjects", Bucket="names",
                              Delete={"Objects": [{"Key": "dir/a b"}]})
        self.assertEqual(batch.json["Deleted"][0]["Key"], "dir/a b")

    def test_iam_decides(self):
        keys = self.user("narrow", {"Effect": "Allow", "Action": "states:ListStateMachines",
                                    "Resource": "*"},
                         {"Effect": "Allow", "Action": "s3:GetObject",
                          "Resource": "arn:aws:s3:::narrow-open/*"})
        s3 = self.daemon.client("s3")
        for bucket in ("narrow-open", "narrow-closed"):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key="key", Body=b"text")
        self.logged_in(**keys)
        self.assertEqual(self.api.call("states", "ListStateMachines").status, 200)
        for service, operation, status, code in (  # as these services answer SDKs
                ("states", "ListActivities", 400, "AccessDeniedException"),
                ("sagemaker", "ListTrainingJobs", 400, "AccessDeniedException"),
                ("logs", "DescribeLogGroups", 400, "AccessDeniedException"),
                ("events", "ListRules", 400, "AccessDeniedException"),
                ("monitoring", "ListMetrics", 400, "AccessDeniedException"),
                ("iam", "ListRoles", 403, "AccessDenied"),
                ("s3", "ListBuckets", 403, "AccessDenied")):
            self.assert_refused(self.api.call(service, operation), status, code,
                                "is not authorized to perform")
        self.assertEqual(self.api.send("GET", "api/s3/narrow-open/key").body, b"text")
        self.assertEqual(self.api.send("GET", "api/s3/narrow-closed/key").status, 403)
        self.assertEqual(self.api.send("PUT", "api/s3/narrow-open/key", b"new").status, 403)

    def test_writes(self):
        self.logged_in()
        made = self.api.call("states", "CreateStateMachine", name="by-console",
                             roleArn=self.flow_role, definition=json.dumps(WAIT))
        self.assertEqual(made.status, 200, made.body)
        self.assertEqual(self.daemon.client("stepfunctions").describe_state_machine(
            stateMachineArn=made.json["stateMachineArn"])["name"], "by-console")

    def test_what_cannot_be_called(self):
        self.logged_in()
        for service, operation, status, part in (
                ("s3", "GetObject", 400, "/_console/api/s3/BUCKET/KEY"),
                ("runtime", "InvokeEndpoint", 400, "/_console/api/runtime/endpoints/NAME"),
                ("states", "GetActivityTask", 400, "clients that sign"),
                ("states", "NoSuchOperation", 404, "NoSuchOperation"),
                ("nothing", "ListStateMachines", 404, "nothing")):
            answer = self.api.call(service, operation, Bucket="b", Key="k")
            self.assertEqual(answer.status, status, answer.body)
            self.assertIn(part, answer.json["message"])

    def test_faults_of_inputs(self):
        self.logged_in()
        answer = self.api.call("states", "DescribeExecution", executionArn="no-arn")
        self.assertEqual((answer.status, answer.json["__type"]), (400, "InvalidArn"))
        answer = self.api.call("states", "DescribeExecution")
        self.assertEqual((answer.status, answer.json["__type"]), (400, "ValidationException"))
        answer = self.api.call("states", "DescribeExecution", executionArn=7)
        self.assert_refused(answer, 400, "SerializationException")
        answer = self.api.send("POST", "api/call/sts/GetCallerIdentity", "[]")
        self.assert_refused(answer, 400, "SerializationException")
        answer = self.api.call("iam", "GetRole", RoleName="Nobody")
        self.assert_refused(answer, 404, "NoSuchEntity")

    def test_the_machine(self):
        keys = self.user("visitor")  # who may do nothing else
        told = self.logged_in(**keys).send("GET", "api/host")
        self.assertEqual(told.status, 200, told.body)
        host = told.json
        self.assertEqual(host["cpus"], len(os.sched_getaffinity(0)))
        self.assertGreaterEqual(host["load"], 0)
        self.assertLess(host["memory"]["available"], host["memory"]["total"])
        self.assertEqual(host["disk"]["total"], shutil.disk_usage(self.daemon.data).total)
        self.assertLessEqual(host["disk"]["free"], host["disk"]["total"])
        self.assertEqual(self.api.post("host", {}).status, 405)

    def test_graphs(self):
        self.logged_in()
        definition = {"StartAt": "One", "States": {
            "One": {"Type": "Choice", "Default": "Two", "Choices": [
                {"Variable": "$.a", "IsPresent": True, "Next": "Both"}]},
            "Two": {"Type": "Pass", "End": True},
            "Both": {"Type": "Parallel", "End": True, "Branches": [
                {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}]}}}
        for direction in (None, "down", "right"):
            body = {"definition": json.dumps(definition)}
            if direction:
                body["direction"] = direction
            graph = self.api.post("graph", body).json
            nodes = {(node["kind"], node["name"]): node for node in graph["nodes"]}
            self.assertEqual(nodes["state", "In"]["cluster"], 0)
            self.assertEqual(nodes["state", "One"]["type"], "Choice")
            self.assertEqual(graph["clusters"][0]["name"], "Both")
            one, two = nodes["state", "One"], nodes["state", "Two"]
            along, across = ("x", "y") if direction == "right" else ("y", "x")
            self.assertLess(one[along], two[along])
            for node in graph["nodes"]:
                self.assertLessEqual(node["x"] + node["width"], graph["width"] + 1)
                self.assertLessEqual(node["y"] + node["height"], graph["height"] + 1)
            kinds = {edge["kind"] for edge in graph["edges"]}
            self.assertEqual(kinds, {"next", "choice", "fallback"})
            for edge in graph["edges"]:
                self.assertEqual(len(edge["points"]) % 3, 1)
        for body in ({}, {"definition": "{"}, {"definition": "[]"},
                     {"definition": "{}", "direction": "up"}):
            self.assert_refused(self.api.post("graph", body), 400, "InvalidParameterException")


class Raw(WithConsole):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon.client("s3").create_bucket(Bucket="raw")

    def test_objects_up_and_down(self):
        self.logged_in()
        content = os.urandom(5 * 1024 * 1024 + 17)
        put = self.api.send("PUT", "api/s3/raw/dir/%C3%A9%20a.bin", content,
                            Content_Type="application/x-own")
        self.assertEqual(put.status, 200, put.body)
        got = self.api.send("GET", "api/s3/raw/dir/%C3%A9%20a.bin")
        self.assertEqual((got.status, got.body == content), (200, True))
        self.assertEqual(got.headers["Content-Type"], "application/x-own")
        part = self.api.send("GET", "api/s3/raw/dir/%C3%A9%20a.bin", Range="bytes=1000-1999")
        self.assertEqual((part.status, part.body), (206, content[1000:2000]))
        same = self.api.send("GET", "api/s3/raw/dir/%C3%A9%20a.bin",
                             If_None_Match=got.headers["ETag"])
        self.assertEqual((same.status, same.body), (304, b""))
        self.assertEqual(self.api.send("DELETE", "api/s3/raw/dir/%C3%A9%20a.bin").status, 204)
        self.assertEqual(self.api.send("GET", "api/s3/raw/dir/%C3%A9%20a.bin").status, 404)

    def test_multipart(self):
        self.logged_in()
        made = self.api.call("s3", "CreateMultipartUpload", Bucket="raw", Key="parts").json
        upload = made["UploadId"]
        parts = [os.urandom(5 * 1024 * 1024), b"the rest"]
        xml = ""
        for number, part in enumerate(parts, 1):
            answer = self.api.send("PUT", f"api/s3/raw/parts?partNumber={number}&uploadId={upload}",
                                   part)
            self.assertEqual(answer.status, 200, answer.body)
            xml += (f"<Part><PartNumber>{number}</PartNumber>"
                    f"<ETag>{answer.headers['ETag']}</ETag></Part>")
        done = self.api.send(
            "POST", f"api/s3/raw/parts?uploadId={upload}",
            f"<CompleteMultipartUpload>{xml}</CompleteMultipartUpload>")
        self.assertEqual(done.status, 200, done.body)
        self.assertEqual(self.api.send("GET", "api/s3/raw/parts").body, b"".join(parts))

    def test_a_body_is_held_against_its_digest(self):
        self.logged_in()
        answer = self.api.send("PUT", "api/s3/raw/damaged", b"text",
                               Content_MD5="AAAAAAAAAAAAAAAAAAAAAA==")
        self.assertEqual(answer.status, 400)
        self.assertIn(b"BadDigest", answer.body)
        self.assertEqual(self.api.send("GET", "api/s3/raw/damaged").status, 404)

    def test_what_users_stored_is_no_page(self):
        self.logged_in()
        self.daemon.client("s3").put_object(
            Bucket="raw", Key="page.html", Body=b"<script>alert(1)</script>",
            ContentType="text/html", CacheControl="public, max-age=9999",
            ContentDisposition='inline; filename="x.html"')
        for query in ("", "?response-content-type=text/html&response-content-disposition=inline"):
            headers = self.api.send("GET", "api/s3/raw/page.html" + query).headers
            self.assertEqual(headers.get_all("Content-Security-Policy"),
                             ["sandbox; default-src 'none'"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers.get_all("Content-Disposition"), ["attachment"])
            self.assertEqual(headers.get_all("Cache-Control"), ["private, no-cache"])
            self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
        self.daemon.client("s3").put_object(Bucket="raw", Key="named", Body=b"",
                                            ContentDisposition='attachment; filename="x.csv"')
        self.assertEqual(self.api.send("GET", "api/s3/raw/named").headers["Content-Disposition"],
                         'attachment; filename="x.csv"')
        error = self.api.send("GET", "api/s3/raw/none")
        self.assertEqual(error.status, 404)
        self.assertIn("sandbox", error.headers["Content-Security-Policy"])

    def test_a_page_at_the_services_own_address(self):
        """It has the console's origin: a browser must take it for a page of nowhere."""
        s3 = self.daemon.client("s3", signature_version="s3v4")
        s3.put_object(Bucket="raw", Key="own.html", Body=b"<script></script>",
                      ContentType="text/html")
        url = s3.generate_presigned_url("get_object", {"Bucket": "raw", "Key": "own.html"})
        for address, status in ((url, 200), (url + "x", 403), (self.daemon.url + "/raw/none", 403)):
            answer = self.api.send("GET", address.removeprefix(self.daemon.url))
            self.assertEqual(answer.status, status)
            headers = answer.headers
            policy = headers.get_all("Content-Security-Policy")
            self.assertEqual([part.split()[0] for part in policy], ["sandbox"])
            self.assertNotIn("allow-same-origin", policy[0])
            self.assertNotIn("allow-top-navigation", policy[0])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_links_to_objects(self):
        keys = self.user("reader", {"Effect": "Allow", "Action": "s3:GetObject",
                                    "Resource": "arn:aws:s3:::raw/*"})
        self.daemon.client("s3").put_object(Bucket="raw", Key="dir/é a.txt", Body=b"text")
        self.assert_refused(self.api.post("presign", {"bucket": "raw", "key": "k"}), 401,
                            "ExpiredTokenException")
        self.logged_in(**keys)
        answer = self.api.post("presign", {"bucket": "raw", "key": "dir/é a.txt"})
        self.assertEqual(answer.status, 200, answer.body)
        url = answer.json["url"]
        self.assertIn("X-Amz-Expires=3600", url)
        stranger = ConsoleApi(self.daemon)  # who has the address and nothing else
        got = stranger.send("GET", url.removeprefix(self.daemon.url))
        self.assertEqual((got.status, got.body), (200, b"text"))
        self.assertNotIn("Content-Disposition", got.headers)
        url = self.api.post("presign", {"bucket": "raw", "key": "dir/é a.txt", "seconds": 5,
                                        "attachment": True}).json["url"]
        got = stranger.send("GET", url.removeprefix(self.daemon.url))
        self.assertEqual((got.body, got.headers["Content-Disposition"]), (b"text", "attachment"))
        other = self.api.post("presign", {"bucket": "other", "key": "k"}).json["url"]
        self.assertEqual(stranger.send("GET", other.removeprefix(self.daemon.url)).status, 403)
        for body in ({}, {"bucket": "raw"}, {"bucket": "raw", "key": ""}, {"bucket": 7, "key": "k"},
                     {"bucket": "raw", "key": "k", "seconds": 0},
                     {"bucket": "raw", "key": "k", "seconds": 604801},
                     {"bucket": "raw", "key": "k", "seconds": "1"}):
            self.assert_refused(self.api.post("presign", body), 400, "InvalidParameterException")

    def test_a_copy_and_a_listing(self):
        self.logged_in()
        self.assertEqual(self.api.send("PUT", "api/s3/raw/one", b"1").status, 200)
        copied = self.api.send("PUT", "api/s3/raw/two", b"", **{"x-amz-copy-source": "/raw/one"})
        self.assertEqual(copied.status, 200, copied.body)
        self.assertIn(b"<Key>two</Key>",
                      self.api.send("GET", "api/s3/raw?list-type=2&prefix=two").body)

    def test_an_endpoint(self):
        upload_code(self.daemon, "raw-code")
        sagemaker = self.daemon.client("sagemaker")
        self.daemon.client("s3").put_object(Bucket="raw-code", Key="model.tar.gz",
                                            Body=self.daemon.client("s3").get_object(
                                                Bucket="raw-code",
                                                Key="code/sourcedir.tar.gz")["Body"].read())
        sagemaker.create_model(
            ModelName="raw", ExecutionRoleArn=self.job_role, PrimaryContainer={
                "Image": SERVING_IMAGE, "ModelDataUrl": "s3://raw-code/model.tar.gz",
                "Environment": {
                    "SAGEMAKER_PROGRAM": "noop-model", "SAGEMAKER_REGION": REGION,
                    "SAGEMAKER_SUBMIT_DIRECTORY": "s3://raw-code/code/sourcedir.tar.gz"}})
        sagemaker.create_endpoint_config(EndpointConfigName="raw", ProductionVariants=[
            {"InitialInstanceCount": 1, "InstanceType": "ml.c4.xlarge", "ModelName": "raw",
             "VariantName": "AllTraffic"}])
        sagemaker.create_endpoint(EndpointName="raw", EndpointConfigName="raw")
        wait_for(lambda: sagemaker.describe_endpoint(EndpointName="raw")["EndpointStatus"]
                 == "InService", 60, "endpoint")
        self.logged_in()
        path = "api/runtime/endpoints/raw/invocations"
        answer = self.api.send("POST", path, b"[[1, 2]]", Content_Type="application/json")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["X-Amzn-Invoked-Production-Variant"], "AllTraffic")
        self.assertEqual(answer.headers["Content-Security-Policy"], "sandbox; default-src 'none'")
        answer = self.api.send("POST", path.replace("/raw/", "/none/"), b"{}")
        self.assertEqual((answer.status, "Message" in answer.json), (400, True))
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        narrow = ConsoleApi(self.daemon)
        narrow.log_in(**self.user("no-invoker"))
        answer = narrow.send("POST", path, b"{}")
        self.assertEqual(answer.status, 403, answer.body)


@unittest.skipIf("TRAINYARD_CONSOLE:BOOL=OFF" in (BIN.parent / "CMakeCache.txt").read_text(),
                 "this build was told to carry no page")
class Shell(WithConsole):
    def test_the_page_and_its_policy(self):
        nonces = set()
        for path in ("", "states/home", "sagemaker/home?region=us-east-1", "iam/home", "s3/home"):
            answer = self.api.send("GET", path)
            self.assertEqual(answer.status, 200)
            policy = answer.headers["Content-Security-Policy"]
            nonce = re.search(r"style-src 'self' 'nonce-([0-9a-f]{32})';", policy).group(1)
            nonces.add(nonce)
            self.assertIn("default-src 'none'; script-src 'self';", policy)
            self.assertNotIn("unsafe", policy)
            self.assertIn(nonce, answer.body.decode())
            self.assertNotIn(b"__NONCE__", answer.body)
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(len(nonces), 5)
        redirect = self.api.send("GET", "/_console")
        self.assertEqual((redirect.status, redirect.headers["Location"]), (308, "/_console/"))

    def test_assets(self):
        page = self.api.send("GET", "").body.decode()
        names = re.findall(r'"/_console/(assets/[^"]+\.js)"', page)
        self.assertTrue(names, page)
        packed = self.api.send("GET", names[0], Accept_Encoding="gzip")
        plain = self.api.send("GET", names[0], Accept_Encoding="identity")
        self.assertEqual((packed.status, packed.headers["Content-Encoding"]), (200, "gzip"))
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        for answer in (packed, plain):
            self.assertEqual(answer.headers["Cache-Control"],
                             "public, max-age=31536000, immutable")
            self.assertEqual(answer.headers["Content-Type"], "text/javascript; charset=utf-8")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Vary"], "Accept-Encoding")
        for missing in ("assets/none.js", "assets/", "assets/../index.html", "index.html"):
            self.assertEqual(self.api.send("GET", missing).status, 404, missing)


if __name__ == "__main__":
    unittest.main(verbosity=2)
