"""A client of the console's API, as its page is one."""
import contextlib
import http.client
import json
import socket
import threading
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

HEADER = "X-Trainyard-Console"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class ConsoleApi:
    """Requests to a daemon's console, with a session once there has been a login."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.address = urllib.parse.urlsplit(daemon.url).netloc
        self.token = None

    def headers(self, **changes):
        headers = {"Origin": f"http://{self.address}", "Sec-Fetch-Site": "same-origin"}
        if self.token:
            headers[HEADER] = self.token
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        return {name: value for name, value in headers.items() if value is not None}

    def open(self, method, path, body=None, **changes):
        """(connection, response): the response's body is still to be read. `path` is below
        /_console/, unless it is a whole one."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(method, path if path.startswith("/") else "/_console/" + path, body, self.headers(**changes))
        return connection, connection.getresponse()

    def send(self, method, path, body=None, **changes):
        connection, response = self.open(method, path, body, **changes)
        try:
            return Answer(response)
        finally:
            connection.close()

    def post(self, path, value, **changes):
        return self.send("POST", "api/" + path, json.dumps(value), **changes)

    def call(self, service, operation, **members):
        return self.post(f"call/{service}/{operation}", members)

    def link(self, key=None, secret=None, token=None):
        """What `POST links` answers a principal."""
        request = botocore.awsrequest.AWSRequest(
            "POST", f"http://{self.address}/_console/api/links", {}, b"")
        keys = botocore.credentials.Credentials(key or self.daemon.key,
                                                secret or self.daemon.secret, token)
        botocore.auth.SigV4Auth(keys, "sts", "us-east-1").add_auth(request)
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request("POST", "/_console/api/links", b"", dict(request.headers))
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def log_in(self, **proof):
        """By a token, or by keys (root's unless they are given)."""
        if not proof:
            proof = {"accessKeyId": self.daemon.key, "secretAccessKey": self.daemon.secret}
        answer = self.post("session", proof)
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer

    def watch(self, *reads, **changes):
        return Watch(*self.open("POST", "api/watch", json.dumps({"reads": list(reads)}),
                                **changes))


class Watch:
    """The lines of a stream of changes, taken in as they come."""

    def __init__(self, connection, response):
        self.connection = connection
        self.response = response
        self.status = response.status
        self.lines = []
        self.ended = False
        self.cut_off = False  # rather than ended in order
        self.changed = threading.Condition()
        if self.status == 200:
            threading.Thread(target=self.take_in, daemon=True).start()

    def take_in(self):
        try:
            while line := self.response.readline():
                with self.changed:
                    self.lines.append(json.loads(line))
                    self.changed.notify_all()
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            self.cut_off = True
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def until(self, condition, seconds=20):
        """Waits until condition(lines) holds, and returns what it gave."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self.lines), seconds):
                raise AssertionError(f"not within {seconds} s: {self.lines}")
            return condition(self.lines)

    def until_ended(self, seconds=20):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended, seconds):
                raise AssertionError(f"the stream goes on: {self.lines}")

    def close(self):
        """As a tab that is closed."""
        if self.connection.sock:
            with contextlib.suppress(OSError):  # by the daemon already
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()
