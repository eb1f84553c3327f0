"""The proxy on the daemon's port, by real clients: AWS's own host names are answered here, with
certificates that are verified; all else is tunnelled untouched; jobs and strangers are refused."""
import contextlib
import http.client
import json
import os
import pathlib
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

from harness import (ACCOUNT, REGION, Daemon, finished, logs_of, make_roles, training_request,
                     upload_code)

# A client that knows AWS's hosts only: what the Python SDKs do (and old boto3, which has no
# AWS_ENDPOINT_URL, does for every service).
CLIENT = """
import hashlib, json, os, sys, tempfile
import boto3
os.environ.pop("AWS_ENDPOINT_URL")
hosts = set()
def watch(client):
    client.meta.events.register(
        "before-send", lambda request, **_: hosts.add(request.url.split("/")[2]))
    return client
out = {"arns": []}
for url in ("https://sts.us-east-1.amazonaws.com", "https://sts.amazonaws.com"):
    sts = watch(boto3.client("sts", endpoint_url=url))
    out["arns"].append(sts.get_caller_identity()["Arn"])
bucket = "sagemaker-us-east-1-000000000000"
s3 = watch(boto3.client("s3"))
s3.create_bucket(Bucket=bucket)
body = os.urandom(20_000_000)
with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/up", "wb") as file:
        file.write(body)
    s3.upload_file(f"{folder}/up", bucket, "_SUCCESS/large")
    s3.download_file(bucket, "_SUCCESS/large", f"{folder}/down")
    with open(f"{folder}/down", "rb") as file:
        out["same"] = file.read() == body
out["keys"] = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
out["models"] = watch(boto3.client("sagemaker")).list_models()["Models"]
out["machines"] = watch(boto3.client("stepfunctions")).list_state_machines()["stateMachines"]
out["groups"] = watch(boto3.client("logs")).describe_log_groups()["logGroups"]
out["roles"] = len(watch(boto3.client("iam")).list_roles()["Roles"])
try:
    watch(boto3.client("sts", region_name="eu-west-1",
                       endpoint_url="https://sts.eu-west-1.amazonaws.com")).get_caller_identity()
except Exception as error:
    out["abroad"] = str(error)
out["hosts"] = sorted(hosts)
json.dump(out, sys.stdout)
"""
CONNECT_SH = """#!/bin/bash
# What an instance hears when it asks its door for a tunnel.
host=${AWS_ENDPOINT_URL#http://}
port=80
case $host in *:*) port=${host##*:} host=${host%:*} ;; esac
for target in sts.us-east-1.amazonaws.com:443 pypi.org:443; do
  exec 3<>"/dev/tcp/$host/$port"
  printf 'CONNECT %s HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n' "$target" "$target" >&3
  read -r -t 20 answer <&3
  echo "door says: $answer"
  exec 3>&-
done
touch "$SM_MODEL_DIR/none"
"""


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def ask(address, target):
    """A socket on which CONNECT has been sent, the status and the text of the answer."""
    connection = socket.create_connection(address, timeout=20)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        if not piece:
            break
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status != 200:
        with connection:
            while piece := connection.recv(4096):
                body += piece
    return connection, status, body.decode()


class Listener:
    """Serves connections on a port of its own, one after the other."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                self.serve_one(self.listener.accept()[0])


class FarServer(Listener):
    """A TLS server that stands for any other host: it answers each line with its reverse."""

    def __init__(self, folder, name):
        self.certificate = pathlib.Path(folder) / "far.pem"
        key = pathlib.Path(folder) / "far.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                        self.certificate, "-subj", f"/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        super().__init__()

    def serve_one(self, connection):
        with contextlib.suppress(OSError), \
                self.context.wrap_socket(connection, server_side=True) as secure:
            for line in secure.makefile("rb"):
                secure.sendall(line.rstrip()[::-1] + b"\n")


class OtherProxy(Listener):
    """The proxy of the house: it notes what it is asked for and leads everything to one port."""

    def __init__(self, to):
        self.asked = []
        self.to = to
        super().__init__()

    def serve_one(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        lines = head.decode().split("\r\n")
        self.asked.append((lines[0], [x for x in lines if x.startswith("Proxy-Auth")]))
        if "refused" in lines[0]:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            connection.close()
            return
        far = socket.create_connection(("127.0.0.1", self.to))
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for source, target in ((connection, far), (far, connection)):
            threading.Thread(target=self.pump, args=(source, target), daemon=True).start()

    @staticmethod
    def pump(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.far = FarServer(cls.folder.name, "far.example.test")
        cls.addClassCleanup(cls.far.listener.close)
        cls.daemon = Daemon(environment={"HTTPS_PROXY": "", "https_proxy": ""}).start()
        cls.addClassCleanup(cls.daemon.close)
        cls.address = ("127.0.0.1", port_of(cls.daemon.url))

    def trusting(self, file=None):
        """A context that trusts this certificate, or our authority, then by the book."""
        context = ssl.create_default_context(cafile=file or self.daemon.data / "ca" / "ca.pem")
        if file is None:
            context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def test_aws_hosts_are_answered_here(self):
        environment = self.daemon.shell("--proxy")
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", CLIENT], env=environment,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = json.loads(done.stdout)
        self.assertEqual(out["arns"], [f"arn:aws:iam::{ACCOUNT}:root"] * 2)
        self.assertTrue(out["same"])
        self.assertEqual(out["keys"], ["_SUCCESS/large"])
        self.assertEqual((out["models"], out["machines"], out["groups"]), ([], [], []))
        self.assertIn("eu-west-1", out["abroad"])
        for host in ("sts.us-east-1.amazonaws.com", "sts.amazonaws.com", "iam.amazonaws.com",
                     "sts.eu-west-1.amazonaws.com", f"api.sagemaker.{REGION}.amazonaws.com"):
            self.assertIn(host, out["hosts"])
        self.assertTrue(any(host.startswith(f"sagemaker-{REGION}-{ACCOUNT}.s3.")
                            for host in out["hosts"]), out["hosts"])

    def test_clients_of_old_know_s3_by_virtual_hosts(self):
        # As boto3 1.26 does over https: an unsigned payload with its MD5.
        environment = self.daemon.shell("--proxy")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", """
import boto3, os
os.environ.pop("AWS_ENDPOINT_URL")
import botocore.config
s3 = boto3.client("s3", config=botocore.config.Config(
    request_checksum_calculation="when_required", response_checksum_validation="when_required",
    s3={"addressing_style": "virtual", "payload_signing_enabled": False}))
s3.create_bucket(Bucket="with.dots")
s3.create_bucket(Bucket="plain")
s3.put_object(Bucket="plain", Key="k", Body=b"v")
print(s3.get_object(Bucket="plain", Key="k")["Body"].read().decode())
"""], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "v\n"), done.stderr)

    def test_certificates_are_verified(self):
        for host, protocols, chosen in (("sts.us-east-1.amazonaws.com", None, None),
                                        ("iam.amazonaws.com", ["h2", "http/1.1"], "http/1.1"),
                                        ("a.b.s3.amazonaws.com", None, None),
                                        ("sts.eu-west-1.amazonaws.com", None, None)):
            with self.subTest(host):
                connection, status, _ = ask(self.address, f"{host}:443")
                self.assertEqual(status, 200)
                context = self.trusting()
                if protocols:
                    context.set_alpn_protocols(protocols)
                with context.wrap_socket(connection, server_hostname=host) as secure:
                    self.assertEqual(secure.selected_alpn_protocol(), chosen)
                    secure.sendall(f"GET /_health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    # No page of ours at an AWS host: whatever this is, it is not signed.
                    self.assertTrue(secure.recv(4096).startswith(b"HTTP/1.1 403 "))
        for host, context, name in (
                ("sts.amazonaws.com", ssl.create_default_context(), "sts.amazonaws.com"),
                ("sts.amazonaws.com", self.trusting(), "pypi.org")):
            connection, status, _ = ask(self.address, f"{host}:443")
            with self.subTest(name), self.assertRaises(ssl.SSLCertVerificationError):
                context.wrap_socket(connection, server_hostname=name)
        connection, _, _ = ask(self.address, "sts.amazonaws.com:443")
        only_h2 = self.trusting()
        only_h2.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            only_h2.wrap_socket(connection, server_hostname="sts.amazonaws.com")

    def test_the_authority_is_kept_and_closed(self):
        ca = self.daemon.data / "ca"
        self.assertEqual(stat.S_IMODE(os.stat(ca / "key.pem").st_mode), 0o600)
        bundle = (ca / "bundle.pem").read_text()
        own = (ca / "ca.pem").read_text()
        self.assertTrue(bundle.startswith(own))
        self.assertGreater(bundle.count("BEGIN CERTIFICATE"), 50, "the system's are in it too")
        text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", ca / "ca.pem"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("Name Constraints: critical", text)
        self.assertIn("DNS:amazonaws.com", text)
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        first = (daemon.data / "ca" / "ca.pem").read_text()
        self.assertNotEqual(first, own)
        self.assertEqual(daemon.terminate(), 0)
        daemon.start()
        self.assertEqual((daemon.data / "ca" / "ca.pem").read_text(), first)

    def test_other_hosts_are_tunnelled_untouched(self):
        connection, status, _ = ask(self.address, f"localhost:{self.far.port}")
        self.assertEqual(status, 200)
        context = self.trusting(self.far.certificate)  # its own certificate comes through
        with context.wrap_socket(connection, server_hostname="far.example.test") as secure:
            secure.sendall(b"abc\n")
            self.assertEqual(secure.makefile("rb").readline(), b"cba\n")

    def test_by_way_of_the_house_proxy(self):
        other = OtherProxy(self.far.port)
        self.addCleanup(other.listener.close)
        house = f"http://us%40er:secret@127.0.0.1:{other.port}"
        daemon = Daemon(environment={"HTTPS_PROXY": house, "https_proxy": "",
                                     "NO_PROXY": "inside.test", "no_proxy": ""},
                        arguments=["--pass-through", "my-data"]).start()
        self.addCleanup(daemon.close)
        address = ("127.0.0.1", port_of(daemon.url))
        for host in ("far.example.test", "ossci-datasets.s3.amazonaws.com",
                     f"my-data.s3.{REGION}.amazonaws.com"):
            with self.subTest(host):
                connection, status, text = ask(address, f"{host}:443")
                self.assertEqual(status, 200, text)
                context = self.trusting(self.far.certificate)
                with context.wrap_socket(connection,
                                         server_hostname="far.example.test") as secure:
                    secure.sendall(b"abc\n")
                    self.assertEqual(secure.makefile("rb").readline(), b"cba\n")
                self.assertEqual(other.asked[-1],
                                 (f"CONNECT {host}:443 HTTP/1.1",
                                  ["Proxy-Authorization: Basic dXNAZXI6c2VjcmV0"]))
        asked = len(other.asked)
        self.assertEqual(ask(address, "refused.test:443")[1:],
                         (502, f"No tunnel to refused.test:443: the proxy 127.0.0.1:{other.port} "
                               "refused with status 407.\n"))
        _, status, text = ask(address, "inside.test:443")  # directly: there is no such host
        self.assertEqual(status, 502)
        self.assertIn("cannot resolve inside.test", text)
        self.assertEqual(len(other.asked), asked + 1)
        connection, status, _ = ask(address, "sts.amazonaws.com:443")  # never
        connection.close()
        self.assertEqual((status, len(other.asked)), (200, asked + 1))

    def test_a_proxy_that_is_ourselves_is_passed_over(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        daemon = Daemon(listen=f"127.0.0.1:{port}",
                        environment={"HTTPS_PROXY": f"http://127.0.0.1:{port}",
                                     "https_proxy": "", "NO_PROXY": "", "no_proxy": ""}).start()
        self.addCleanup(daemon.close)
        connection, status, _ = ask(("127.0.0.1", port), f"127.0.0.1:{self.far.port}")
        connection.close()
        self.assertEqual(status, 200)

    def test_refusals_are_clear(self):
        for target, status, words in (
                ("sts.amazonaws.com:80", 403, "sts.amazonaws.com is an AWS host: it is answered "
                                              "here, on port 443 only."),
                ("pypi.org", 400, "CONNECT wants HOST:PORT."),
                ("a/b:443", 400, "CONNECT wants HOST:PORT."),
                ("127.0.0.1:1", 502, "No tunnel to 127.0.0.1:1: cannot connect to 127.0.0.1:1: "
                                     "Connection refused.")):
            with self.subTest(target):
                self.assertEqual(ask(self.address, target)[1:], (status, words + "\n"))
        # What a Python client shows of it.
        connection = http.client.HTTPSConnection(*self.address, timeout=20)
        connection.set_tunnel("127.0.0.1", 1)
        with self.assertRaisesRegex(OSError, "502 No tunnel to 127.0.0.1:1: cannot connect"):
            connection.request("GET", "/")

    def test_strangers_are_refused(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing; tells our address towards others
            except OSError:
                self.skipTest("this machine has loopback addresses only")
            outside = probe.getsockname()[0]
        if outside.startswith("127."):
            self.skipTest("this machine has loopback addresses only")
        daemon = Daemon(listen="0.0.0.0:0").start()
        self.addCleanup(daemon.close)
        port = port_of(daemon.url)
        for target in ("sts.amazonaws.com:443", f"127.0.0.1:{self.far.port}"):
            self.assertEqual(ask((outside, port), target)[1:],
                             (403, "This proxy serves clients on its own machine's loopback "
                                   "addresses only.\n"))
            connection, status, _ = ask(("127.0.0.1", port), target)
            connection.close()
            self.assertEqual(status, 200)

    def test_jobs_have_no_proxy(self):
        role, _ = make_roles(self.daemon)
        upload_code(self.daemon, "proxy-code", {"train.sh": (CONNECT_SH, 0o755)})
        self.daemon.client("sagemaker").create_training_job(
            **training_request("connect", role, "proxy-code"))
        self.assertEqual(finished(self.daemon, "connect")["TrainingJobStatus"], "Completed")
        lines = sum(logs_of(self.daemon, "/aws/sagemaker/TrainingJobs", "connect/").values(), [])
        said = [line.strip() for line in lines if line.startswith("door says:")]
        self.assertEqual(said, ["door says: HTTP/1.1 405 CONNECT is not served here"] * 2)


if __name__ == "__main__":
    unittest.main()
