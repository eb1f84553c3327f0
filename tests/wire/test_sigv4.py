"""Signature Version 4 against botocore: what it signs we verify and sign alike; what was altered
afterwards we refuse. Requests are made at random from a fixed seed."""
import base64
import hashlib
import io
import json
import os
import random
import string
import subprocess
import sys

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum, Sha256Checksum
from botocore.utils import percent_encode, percent_encode_sequence

ROUNDS = 100
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PROBE = subprocess.Popen([os.path.join(os.environ["TRAINYARD_BIN_DIR"], "sigv4_probe")],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def probe(**question):
    PROBE.stdin.write(json.dumps(question) + "\n")
    PROBE.stdin.flush()
    return json.loads(PROBE.stdout.readline())


def some_text(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def some_request(rng, service):
    alphabet = string.ascii_letters + string.digits + "-_.~ !*'()+=&/:@,;$%é日\""
    path = "/" + percent_encode(some_text(rng, alphabet, 0, 30), safe="/~")
    if service != "s3":
        path = path.replace("..", "xx")
    pairs = [(some_text(rng, alphabet, 1, 8), some_text(rng, alphabet, 0, 12))
             for _ in range(rng.randint(0, 4))]
    query = percent_encode_sequence(pairs)
    headers = {"Content-Type": "application/x-amz-json-1.1", "User-Agent": "x/1"}
    for _ in range(rng.randint(0, 3)):
        name = "X-Amz-Meta-" + some_text(rng, string.ascii_letters, 1, 8)
        headers[name] = some_text(rng, "abc  \t,;=", 1, 12).strip() or "v"
    method = rng.choice(["PUT", "POST"]) if service == "s3" else "POST"
    body = rng.randbytes(rng.choice([0, 1, 100, 5000]))
    # S3 gives checksum headers and uploadId a meaning of their own; random names do not hit them.
    return AWSRequest(method=method, url="http://127.0.0.1:4566" + path
                      + ("?" + query if query else ""), headers=headers, data=body)


def sent(request, body):
    """The request as the probe wants it: what would go over the wire."""
    url = request.url
    headers = [[name, value] for name, value in request.headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(["Host", "127.0.0.1:4566"])
    stamp = dict((name.lower(), value) for name, value in headers).get("x-amz-date")
    if stamp is None:
        stamp = url.split("X-Amz-Date=")[1].split("&")[0]
    return {"method": request.method, "target": url[len("http://127.0.0.1:4566"):],
            "headers": headers, "body": base64.b64encode(body).decode(), "length": len(body),
            "secret": SECRET, "now": stamp}


def expect(condition, *what):
    if not condition:
        print("FAILED:", *what, file=sys.stderr)
        sys.exit(1)


def alterations(question):
    def altered(**changes):
        return {**question, **changes}
    target = question["target"]
    yield "method", altered(method="PATCH")
    yield "path", altered(target="/x" + target[1:])
    yield "query", altered(target=target + ("&" if "?" in target else "?") + "zz=1")
    yield "host", altered(headers=[[n, "127.0.0.1:1" if n.lower() == "host" else v]
                                   for n, v in question["headers"]])
    yield "header", altered(headers=question["headers"] + [["x-amz-acl", "public-read"]])
    yield "secret", altered(secret=SECRET[:-1])
    yield "token", altered(token="AAAA")


def header_form(rng, service):
    token = rng.choice([None, "IQoJb3JpZ2luX2VjE//+=="])
    keys = Credentials("AKIDEXAMPLE", SECRET, token)
    request = some_request(rng, service)
    body = request.data
    plain = dict(request.headers.items())
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(keys, service, "us-east-1").add_auth(request)
    question = {**sent(request, body), "token": token or ""}
    answer = probe(op="verify", **question)
    expect(answer.get("payload") == question["body"], "verify", service, question, answer)
    for what, changed in alterations(question):
        answer = probe(op="verify", **changed)
        expect("error" in answer, "altered", what, "was accepted", changed)
    if body:
        changed = {**question, "body": base64.b64encode(body[:-1] + b"?" if body[-1:] != b"?"
                                                        else body + b"!").decode()}
        expect("error" in probe(op="verify", **changed), "altered body was accepted", changed)
    # The other way round: the same request, signed by us, has botocore's signature.
    answer = probe(op="sign", key="AKIDEXAMPLE", service=service, method=request.method,
                   target=question["target"], secret=SECRET, token=token or "",
                   now=question["now"], payload_hash=hashlib.sha256(body).hexdigest(),
                   headers=[[n, v] for n, v in plain.items()] + [["Host", "127.0.0.1:4566"]])
    authorization = dict(request.headers.items())["Authorization"]
    expect(authorization.endswith(answer["signature"]), "sign", service, authorization, answer)


def query_form(rng, service):
    keys = Credentials("AKIDEXAMPLE", SECRET, rng.choice([None, "token+/=="]))
    request = some_request(rng, service)
    request.method = "GET"
    request.headers = type(request.headers)()
    request.data = b""
    auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    auth(keys, service, "us-east-1", expires=900).add_auth(request)
    question = {**sent(request, b""), "token": keys.token or ""}
    answer = probe(op="verify", **question)
    expect("payload" in answer, "verify presigned", service, question, answer)
    for what, changed in alterations(question):
        expect("error" in probe(op="verify", **changed), "altered", what, "was accepted", changed)


def chunked_form(rng):
    """What botocore sends over TLS: aws-chunked with a trailing checksum, nothing signed inside."""
    checksum = rng.choice([Crc32Checksum, Sha256Checksum])
    name = {Crc32Checksum: "x-amz-checksum-crc32", Sha256Checksum: "x-amz-checksum-sha256"}[checksum]
    data = rng.randbytes(rng.choice([0, 1, 1000, 3_000_000]))
    wrapper = AwsChunkedWrapper(io.BytesIO(data), checksum_cls=checksum, checksum_name=name)
    encoded = wrapper.read()
    request = some_request(rng, "s3")
    request.method = "PUT"
    request.headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    request.headers["Content-Encoding"] = "aws-chunked"
    request.headers["X-Amz-Decoded-Content-Length"] = str(len(data))
    request.headers["X-Amz-Trailer"] = name
    request.context["payload_signing_enabled"] = False
    request.context["checksum"] = {"request_algorithm": {"in": "trailer", "algorithm": "crc32",
                                                         "name": name}}
    # botocore leaves the payload unsigned only over TLS; the scheme is not part of the signature.
    request.url = request.url.replace("http://", "https://")
    S3SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "s3", "us-east-1").add_auth(request)
    request.url = request.url.replace("https://", "http://")
    question = {**sent(request, encoded), "token": ""}
    answer = probe(op="verify", **question)
    expect(answer.get("payload") == base64.b64encode(data).decode(), "chunked", question["headers"],
           answer.get("error"), answer.get("message"))
    for what, changed in alterations(question):
        expect("error" in probe(op="verify", **changed), "altered", what, "was accepted")
    if data:
        place = encoded.index(b"\r\n") + 2
        changed = bytearray(encoded)
        changed[place] ^= 1
        changed = {**question, "body": base64.b64encode(bytes(changed)).decode()}
        expect(probe(op="verify", **changed).get("error") == "BadDigest", "altered chunk accepted")


def main():
    rng = random.Random(20261123)
    for _ in range(ROUNDS):
        for service in ("s3", "sagemaker", "states", "sts", "iam"):
            header_form(rng, service)
            query_form(rng, service)
    for _ in range(40):
        chunked_form(rng)
    PROBE.stdin.close()
    PROBE.wait()
    print("ok: %d rounds" % ROUNDS)


main()
