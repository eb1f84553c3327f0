"""Requests as they stand on the wire, for what no SDK would send: unsigned, altered, malformed."""
import json
import re
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import REGION, ROOT

SERVICES = {  # our folder: (signing name, protocol, target prefix or API version)
    "states": ("states", "json", "AWSStepFunctions"),
    "sagemaker": ("sagemaker", "json", "SageMaker"),
    "logs": ("logs", "json", "Logs_20140328"), "events": ("events", "json", "AWSEvents"),
    "monitoring": ("monitoring", "json", "GraniteServiceVersion20100801"),
    "iam": ("iam", "query", "2010-05-08"), "sts": ("sts", "query", "2011-06-15"),
    "s3": ("s3", "rest-xml", None), "runtime": ("sagemaker", "rest-json", None)}
JSON = [name for name, (_, protocol, _) in SERVICES.items() if protocol == "json"]
QUERY = [name for name, (_, protocol, _) in SERVICES.items() if protocol == "query"]


def operations():
    """(service, operation, its HTTP binding) of all that the daemon knows."""
    for service in SERVICES:
        model = json.loads((ROOT / "api" / f"{service}.json").read_text())
        for line in (ROOT / "api" / f"{service}.ops").read_text().splitlines():
            words = line.split("#")[0].split()
            if words:
                yield service, words[0], model["operations"][words[0]]["http"]


def request_for(url, service, operation, http=None, body=None):
    """An unsigned request for the operation; `http` places those of the REST services."""
    _, protocol, target = SERVICES[service]
    if protocol == "json":
        headers = {"X-Amz-Target": f"{target}.{operation}",
                   "Content-Type": "application/x-amz-json-1.1"}
        return plain(url, "POST", "/", b"{}" if body is None else body, headers)
    if protocol == "query":
        form = f"Action={operation}&Version={target}".encode() if body is None else body
        return plain(url, "POST", "/", form,
                     {"Content-Type": "application/x-www-form-urlencoded"})
    path = http["requestUri"]
    for label in ("{Bucket}", "{EndpointName}"):
        path = path.replace(label, "some-name")
    path = path.replace("{Key+}", "some/key")
    return plain(url, http["method"], path,
                 b"" if http["method"] in ("GET", "HEAD", "DELETE") else b"<x/>")


def plain(url, method, path, body=b"", headers=None):
    return botocore.awsrequest.AWSRequest(method, url + path, dict(headers or {}), body)


def sign(service, request, key, secret, token=None, region=REGION):
    name = SERVICES[service][0]
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(botocore.credentials.Credentials(key, secret, token), name, region).add_auth(request)
    return request


def send(request):
    """(HTTP status, AWS's code, the body) of the answer; a HEAD's has no code."""
    prepared = request.prepare()
    bare = urllib.request.Request(prepared.url, method=prepared.method, data=prepared.body or None,
                                  headers=dict(prepared.headers.items()))
    try:
        with urllib.request.urlopen(bare, timeout=20) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as error:
        body = error.read().decode()
        return error.code, code_of(error.headers, body), body


def code_of(headers, body):
    """Where each protocol puts it; the JSON services in two places, which must agree."""
    in_header = headers.get("x-amzn-ErrorType", "")
    if headers.get("Content-Type", "").startswith("application/x-amz-json"):
        in_body = json.loads(body)["__type"]
        return in_body if in_body == in_header else f"{in_body} or {in_header}"
    found = re.search("<Code>(.*?)</Code>", body)
    return in_header or (found.group(1) if found else "")
