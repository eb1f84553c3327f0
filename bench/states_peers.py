"""Who else runs state machines on one's own machine: moto's server and LocalStack, each in an
environment of its own below build/."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.request

import boto3
import botocore.config

from harness import REGION, ROOT, wait_for
from load_runs import free_port

START_SECONDS_MAX = 120


def environment_of(name, python):
    """The folder of a virtual environment with what tools/locks/NAME.txt names."""
    folder = ROOT / "build" / f"venv-{name}"
    subprocess.run([ROOT / "tools" / "venv", folder, ROOT / "tools" / "locks" / f"{name}.txt"],
                   check=True, env={**os.environ, "PYTHON": python})
    return folder


def ask(url, body=None):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()
    except OSError:
        return None


@contextlib.contextmanager
def running(command, url, **environment):
    """A client of the server that the command starts, from when `url` answers."""
    with tempfile.TemporaryDirectory(prefix="peer-bench-") as folder:
        environment = {**os.environ, **environment, "HOME": folder, "FILESYSTEM_ROOT": folder}
        with open(pathlib.Path(folder, "log"), "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            wait_for(lambda: ask(url), START_SECONDS_MAX, f"start of {command[0]}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def client_at(url):
    return boto3.client("stepfunctions", endpoint_url=url, region_name=REGION,
                        aws_access_key_id="bench", aws_secret_access_key="bench",
                        config=botocore.config.Config(read_timeout=300))


@contextlib.contextmanager
def moto():
    url = f"http://127.0.0.1:{free_port()}"
    folder = environment_of("moto", "/usr/bin/python3")
    with running([folder / "bin" / "moto_server", "-H", "127.0.0.1", "-p", url.split(":")[2]],
                 f"{url}/moto-api/"):
        # Without this it answers that everything has succeeded, and runs nothing.
        ask(f"{url}/moto-api/config", b'{"stepfunctions": {"execute_state_machine": true}}')
        yield client_at(url)


def localstack_python():
    """LocalStack 4.14 needs Python 3.13; Debian 12 has 3.11. None without one on the PATH."""
    return shutil.which("python3.13")


@contextlib.contextmanager
def localstack():
    """Without Docker, which its command line wants: its program, on this host."""
    url = f"http://127.0.0.1:{free_port()}"
    folder = environment_of("localstack", localstack_python())
    with running([folder / "bin" / "python", "-m", "localstack.runtime.main"],
                 f"{url}/_localstack/health", GATEWAY_LISTEN=url.split("//")[1],
                 SERVICES="stepfunctions,sts,iam", DISABLE_EVENTS="1", SKIP_SSL_CERT_DOWNLOAD="1",
                 DNS_ADDRESS="0"):
        yield client_at(url)
