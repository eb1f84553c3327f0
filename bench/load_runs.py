"""Runs of `bench-load`, and what they are sent to."""
import json
import pathlib
import socket
import subprocess
import tempfile
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import BIN, REGION

# A run's length, where nothing asks for another.
SECONDS = 3


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_bytes(host, target, headers, body):
    """A POST request as it is sent, head and body."""
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()
              if name.lower() not in ("host", "content-length")]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def signed(daemon, service, target, headers, body):
    """A POST request of the root keys as it is sent; its signature holds for some minutes."""
    request = botocore.awsrequest.AWSRequest("POST", daemon.url + target, headers, body)
    keys = botocore.credentials.Credentials(daemon.key, daemon.secret)
    botocore.auth.SigV4Auth(keys, service, REGION).add_auth(request)
    return as_bytes(urllib.parse.urlsplit(daemon.url).netloc, target,
                    dict(request.headers.items()), body)


def load(address, connections, *requests, prefix=(), seconds=SECONDS, rate=None):
    """Sends the requests in turn: as fast as they are answered, or `rate` a second."""
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, str(number)) for number in range(len(requests))]
        for file, request in zip(files, requests):
            file.write_bytes(request)
        host, port = address.split(":")
        pace = ["--rate", str(rate)] if rate else []
        done = subprocess.run([*prefix, BIN / "bench-load", host, port, str(connections),
                               str(seconds), *pace, *files], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    result = json.loads(done.stdout)
    if result["failures"]:
        raise RuntimeError(f"{result['failures']} of {result['requests']} requests failed")
    return result
