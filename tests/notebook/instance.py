"""Notebook instances as tests use them: made by the API, met at their host as a browser meets them.

JupyterLab and the SDKs inside are those of the environment that runs the test.
"""
import http.client
import json
import pathlib
import sys
import urllib.parse
import uuid

import websocket

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import Daemon, wait_for  # noqa: E402

STATUS_SECONDS_MAX = 90
CODE_SECONDS_MAX = 120

RUNTIMES = f"""[[runtime]]
name = "notebook"
images = ["notebook-al2-v3", "notebook-al2023-v1"]
interpreter = "{sys.prefix}/bin/python"
folders = ["{sys.prefix}"]
framework = "JupyterLab"
package = "jupyterlab"
"""


def daemon_with_jupyter(**options):
    """A daemon, not yet started, whose table names this interpreter for notebook instances."""
    daemon = Daemon(**options)
    (daemon.data / "runtimes.toml").write_text(RUNTIMES)
    return daemon


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Instance:
    """One notebook instance of a daemon; `create` makes it, unless it is there."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.cookie = None

    @property
    def api(self):
        return self.daemon.client("sagemaker")

    def create(self, role, **more):
        return self.api.create_notebook_instance(
            NotebookInstanceName=self.name, InstanceType="ml.t3.medium", RoleArn=role, **more)

    def describe(self):
        return self.api.describe_notebook_instance(NotebookInstanceName=self.name)

    def until(self, status):
        """Waits for a status; one that leads nowhere else fails the test at once."""
        def there():
            now = self.describe()
            if now["NotebookInstanceStatus"] == "Failed" != status:
                raise AssertionError(now.get("FailureReason"))
            return now["NotebookInstanceStatus"] == status and now
        return wait_for(there, STATUS_SECONDS_MAX, status, 0.1)

    def is_gone(self):
        try:
            self.describe()
        except self.api.exceptions.ClientError as error:
            return "RecordNotFound" in str(error)
        return False

    def stop(self):
        self.api.stop_notebook_instance(NotebookInstanceName=self.name)
        self.until("Stopped")

    def start(self):
        self.api.start_notebook_instance(NotebookInstanceName=self.name)
        self.until("InService")

    def presigned(self, client=None, **more):
        return (client or self.api).create_presigned_notebook_instance_url(
            NotebookInstanceName=self.name, **more)["AuthorizedUrl"]

    def log(self):
        """Every line of its Jupyter."""
        events = self.daemon.client("logs").get_log_events(
            logGroupName="/aws/sagemaker/NotebookInstances",
            logStreamName=f"{self.name.lower()}/jupyter.log", startFromHead=True)["events"]
        return [event["message"] for event in events]

    # --- As a browser: names below localhost lead to the daemon's port.

    def host(self):
        return f"{self.name.lower()}.notebook.localhost:{urllib.parse.urlsplit(self.daemon.url).port}"

    def exchange(self, method, target, body=None, headers=None):
        port = urllib.parse.urlsplit(self.daemon.url).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CODE_SECONDS_MAX)
        try:
            connection.request(method, target, body, {"Host": self.host(), **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def enter(self, url=None):
        """Opens a presigned URL, as a browser does; the cookie is kept."""
        target = urllib.parse.urlsplit(url or self.presigned())
        assert target.netloc == self.host(), target
        status, headers, body = self.exchange("GET", f"{target.path}?{target.query}",
                                              headers={"Accept": "text/html"})
        if status != 303:
            raise Refused(status, body.decode())
        self.cookie = headers["Set-Cookie"].split(";")[0]
        return headers

    def call(self, path, method="GET", body=None):
        """Jupyter's REST interface, in a browser's session."""
        status, _, answer = self.exchange(
            method, path, json.dumps(body) if body is not None else None,
            {"Cookie": self.cookie or "", "X-XSRFToken": "none"})
        if status >= 300:
            raise Refused(status, answer.decode())
        return json.loads(answer) if answer else None

    def write(self, path, text):
        self.call(f"/api/contents/{path}", "PUT", {"type": "file", "format": "text",
                                                   "content": text})

    def read(self, path):
        return self.call(f"/api/contents/{path}?content=1&type=file&format=text")["content"]

    def kernel(self):
        """Starts one, as for a notebook in the first folder."""
        return self.call("/api/kernels", "POST", {"path": "some.ipynb"})["id"]

    def open_kernel(self, kernel):
        port = urllib.parse.urlsplit(self.daemon.url).port
        return websocket.create_connection(
            f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", host=self.host(),
            cookie=self.cookie, suppress_origin=True, timeout=CODE_SECONDS_MAX)

    def run(self, code, kernel=None):
        """Runs code in a kernel (a new one, unless given) and returns what it printed."""
        socket = self.open_kernel(kernel or self.kernel())
        try:
            return output_of(socket, code)
        finally:
            socket.close()


def output_of(socket, code):
    """Jupyter's messaging protocol, "execute_request"."""
    ask = uuid.uuid4().hex
    socket.send(json.dumps({
        "channel": "shell", "parent_header": {}, "metadata": {},
        "header": {"msg_id": ask, "msg_type": "execute_request", "username": "", "session": ask,
                   "version": "5.3"},
        "content": {"code": code, "silent": False, "store_history": False,
                    "allow_stdin": False, "stop_on_error": True}}))
    printed = ""
    while True:
        message = json.loads(socket.recv())
        if message["parent_header"].get("msg_id") != ask:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            printed += content["text"]
        elif kind == "error":
            raise AssertionError(f"{content['ename']}: {content['evalue']}\n{printed}")
        elif kind == "status" and content["execution_state"] == "idle":
            return printed
