"""What IAM's policy simulator says and what IAM then does are the same."""
import json
import unittest

import botocore.exceptions

from harness import WithRoles

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:CreateBucket", "s3:PutObject"], "Resource": "arn:aws:s3:::sim*"},
    {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::sim/secret/*"},
    {"Effect": "Allow", "Action": "sagemaker:ListEndpoints", "Resource": "*",
     "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
]}, indent=2)


class Simulation(WithRoles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iam = cls.daemon.client("iam")
        cls.user = cls.iam.create_user(UserName="alice")["User"]["Arn"]
        cls.iam.put_user_policy(UserName="alice", PolicyName="Own", PolicyDocument=POLICY)
        key = cls.iam.create_access_key(UserName="alice")["AccessKey"]
        cls.s3, cls.sagemaker, cls.own_iam = (
            cls.daemon.client(service, key["AccessKeyId"], key["SecretAccessKey"])
            for service in ("s3", "sagemaker", "iam"))

    def simulated(self, action, resource, **more):
        answer = self.iam.simulate_principal_policy(
            PolicySourceArn=self.user, ActionNames=[action], ResourceArns=[resource], **more)
        self.assertFalse(answer["IsTruncated"])
        result, = answer["EvaluationResults"]
        self.assertEqual(result["EvalActionName"], action)
        specific, = result["ResourceSpecificResults"]
        self.assertEqual(specific["EvalResourceName"], resource)
        self.assertEqual(specific["EvalResourceDecision"], result["EvalDecision"])
        self.assertEqual(specific["MatchedStatements"], result["MatchedStatements"])
        return specific

    def done(self, work):
        """"allowed", or the kind of denial that the error's text names."""
        try:
            work()
        except botocore.exceptions.ClientError as error:
            self.assertIn("AccessDenied", error.response["Error"]["Code"])
            text = error.response["Error"]["Message"]
            return "explicitDeny" if "explicit deny" in text else "implicitDeny"
        return "allowed"

    def test_the_simulator_says_what_iam_does(self):
        put = lambda key: self.s3.put_object(Bucket="sim", Key=key, Body=b"x")  # noqa: E731
        cases = (
            ("s3:CreateBucket", "arn:aws:s3:::sim", lambda: self.s3.create_bucket(Bucket="sim"), "allowed"),
            ("s3:PutObject", "arn:aws:s3:::sim/a", lambda: put("a"), "allowed"),
            ("s3:PutObject", "arn:aws:s3:::sim/secret/a", lambda: put("secret/a"), "explicitDeny"),
            ("s3:CreateBucket", "arn:aws:s3:::other", lambda: self.s3.create_bucket(Bucket="other"),
             "implicitDeny"),
        )
        for action, resource, work, decision in cases:
            with self.subTest(action=action, resource=resource):
                self.assertEqual(self.simulated(action, resource)["EvalResourceDecision"], decision)
                self.assertEqual(self.done(work), decision)

    def test_the_deciding_statement_is_named_and_placed(self):
        statement, = self.simulated("s3:PutObject", "arn:aws:s3:::sim/secret/a")["MatchedStatements"]
        self.assertEqual((statement["SourcePolicyId"], statement["SourcePolicyType"]), ("Own", "user"))
        lines = POLICY.splitlines(keepends=True)

        def place(position):
            return sum(map(len, lines[:position["Line"] - 1])) + position["Column"] - 1

        inside = POLICY[place(statement["StartPosition"]):place(statement["EndPosition"])]
        self.assertEqual(json.loads(inside), json.loads(POLICY)["Statement"][1])

    def test_conditions_ask_for_what_the_request_does_not_say(self):
        unsaid = self.simulated("sagemaker:ListEndpoints", "*")
        self.assertEqual(unsaid["EvalResourceDecision"], "implicitDeny")
        self.assertEqual(unsaid["MissingContextValues"], ["aws:RequestedRegion"])
        for region, decision in (("eu-west-1", "allowed"), ("us-east-1", "implicitDeny")):
            said = self.simulated("sagemaker:ListEndpoints", "*", ContextEntries=[
                {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [region], "ContextKeyType": "string"}])
            self.assertEqual((said["EvalResourceDecision"], said["MissingContextValues"]), (decision, []))
        self.assertEqual(self.done(self.sagemaker.list_endpoints), "implicitDeny")

    def test_roles_with_aws_policies(self):
        pages = self.iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=self.job_role, ActionNames=["s3:GetObject", "sagemaker:CreateEndpoint", "iam:CreateUser"],
            PaginationConfig={"PageSize": 2})
        results = [result for page in pages for result in page["EvaluationResults"]]
        self.assertEqual([result["EvalDecision"] for result in results], ["allowed", "allowed", "implicitDeny"])
        self.assertIn(("AmazonS3FullAccess", "aws-managed"),
                      [(one["SourcePolicyId"], one["SourcePolicyType"]) for one in results[0]["MatchedStatements"]])

    def test_policies_that_nobody_has_yet(self):
        result, = self.iam.simulate_custom_policy(
            PolicyInputList=[POLICY], ActionNames=["s3:PutObject"])["EvaluationResults"]
        self.assertEqual((result["EvalDecision"], result["EvalResourceName"]), ("implicitDeny", "*"))

    def test_who_may_ask(self):
        self.assertEqual(self.done(lambda: self.own_iam.simulate_principal_policy(
            PolicySourceArn=self.user, ActionNames=["s3:PutObject"])), "implicitDeny")
        self.iam.put_user_policy(UserName="alice", PolicyName="Ask", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": self.user}]}))
        self.addCleanup(self.iam.delete_user_policy, UserName="alice", PolicyName="Ask")
        self.own_iam.simulate_principal_policy(PolicySourceArn=self.user, ActionNames=["s3:PutObject"])
        self.assertEqual(self.done(lambda: self.own_iam.simulate_principal_policy(
            PolicySourceArn=self.job_role, ActionNames=["s3:PutObject"])), "implicitDeny")


if __name__ == "__main__":
    unittest.main()
