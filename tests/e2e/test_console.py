"""The execution page: presigned, authorised as its signer, escaped; the daemon's own paths."""
import json
import unittest
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import WithRoles, wait_for

TWELVE_HOURS = 12 * 3600


class Console(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        states = cls.daemon.client("stepfunctions")
        machine = states.create_state_machine(
            name="flow", roleArn=cls.flow_role, definition=json.dumps({
                "StartAt": "<b>Odd & name</b>",
                "States": {"<b>Odd & name</b>": {"Type": "Pass", "End": True}}}))
        cls.execution = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], name="run",
            input='{"note": "<script>alert(1)</script>"}')["executionArn"]
        cls.machine = machine["stateMachineArn"]
        wait_for(lambda: states.describe_execution(
            executionArn=cls.execution)["status"] == "SUCCEEDED", 20, "end")

    def link(self, key=None, secret=None, arn=None, page="executions", query=""):
        keys = botocore.credentials.Credentials(key or self.daemon.key,
                                                secret or self.daemon.secret)
        path = f"/_console/{page}/" + urllib.parse.quote(arn or self.execution, safe="") + query
        request = botocore.awsrequest.AWSRequest("GET", self.daemon.url + path)
        botocore.auth.SigV4QueryAuth(keys, "states", "us-east-1", TWELVE_HOURS).add_auth(request)
        return request.url

    def get(self, url, headers=None):
        try:
            with urllib.request.urlopen(
                    urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def test_page_of_an_execution(self):
        status, page, headers = self.get(self.link())
        self.assertEqual(status, 200, page)
        self.assertIn("<svg", page)
        self.assertIn("SUCCEEDED", page)
        self.assertIn("PassStateEntered", page)
        self.assertNotIn("<script", page)
        self.assertNotIn("<b>Odd", page)
        self.assertIn("&lt;b&gt;Odd &amp; name", page)
        self.assertIn(f'<a href="/_console/#/executions/details/{self.execution}">', page)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])

    def test_page_of_a_state_machine(self):
        link = self.link(arn=self.machine, page="statemachines")
        status, page, headers = self.get(link)
        self.assertEqual(status, 200, page)
        self.assertIn("<svg", page)
        self.assertIn("<td>run</td>", page)
        self.assertIn(f'<a href="/_console/#/statemachines/view/{self.machine}">', page)
        self.assertIn("SUCCEEDED", page)
        self.assertNotIn("<b>Odd", page)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(self.get(link.replace("statemachines", "executions"))[0], 403)
        self.assertEqual(self.get(self.link(arn=self.machine + "x", page="statemachines"))[0], 404)
        # For whoever has the executions' pages beside it.
        _, page, _ = self.get(self.link(arn=self.machine, page="statemachines",
                                        query="?links=relative"))
        escaped = urllib.parse.quote(self.execution, safe="")
        self.assertIn(f'<td><a href="../executions/{escaped}">run</a></td>', page)
        self.assertNotIn("/_console/", page)

    def test_without_a_valid_signature(self):
        link = self.link()
        self.assertEqual(self.get(link.split("?")[0])[0], 403)
        self.assertEqual(self.get(link[:-1] + ("0" if link[-1] != "0" else "1"))[0], 403)
        other = self.link(arn=self.execution + "x")
        self.assertEqual(self.get(self.execution.join(other.split(
            self.execution + "x")))[0] if self.execution + "x" in other else 403, 403)
        self.assertEqual(self.get(self.link(secret="wrong"))[0], 403)

    def test_a_principal_without_the_right(self):
        iam = self.daemon.client("iam")
        iam.create_user(UserName="eve")
        key = iam.create_access_key(UserName="eve")["AccessKey"]
        link = self.link(key["AccessKeyId"], key["SecretAccessKey"])
        status, page, _ = self.get(link)
        self.assertEqual(status, 403)
        self.assertIn("states:DescribeExecution", page)

    def test_unknown_host(self):
        for host, known in (("evil.example", False), ("127.evil.example", False),
                            ("127.0.0.1.evil.example:80", False), ("localhost", True),
                            ("127.1.2.3:80", True), ("[::1]:80", True)):
            status, page, _ = self.get(self.link(), {"Host": host})  # signed for another host
            self.assertEqual((status, "Unknown host" in page), (403, not known), host)

    def test_health_and_metrics(self):
        status, body, _ = self.get(self.daemon.url + "/_health")
        self.assertEqual((status, json.loads(body)["product"]), (200, "Trainyard"))
        self.assertEqual(self.get(self.daemon.url + "/_localstack/health")[0], 200)
        self.assertIn("trainyard_outbox_messages", self.get(self.daemon.url + "/_metrics")[1])
        self.assertEqual(self.get(self.daemon.url + "/_nothing")[0], 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
