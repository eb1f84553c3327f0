"""Very many executions that wait, on one daemon: what each takes in memory and on disk, how soon the
daemon is ready again after it was ended in order and by SIGKILL, and how soon all have gone on once
their time has come. One line a figure.

    waiting_executions.py [N]

All wait for the same time, which is set when it is known how long starting them takes: until then
nothing ends, and then everything is due at once. A thousandth as many wait for workers, who took
their tasks before the restarts and answer after them."""
import json
import pathlib
import socket
import sys
import threading
import time
import urllib.parse

import raw
from bench_start import rss_megabytes
from figures import report
from harness import Daemon, make_roles

EXECUTIONS = 100_000
CONNECTIONS = 8
WARM_UP = 500
RSS_KILOBYTES_EACH_MAX = 4
# How long a signature is used; the daemon takes it for five minutes.
SIGNED_SECONDS = 120
# What the restarts before the time has come may take, and how much longer than measured at first
# the starts.
RESTARTS_SECONDS, STARTS_FACTOR = 40, 1.5
DEFINITION = {"StartAt": "Wait", "States": {
    "Wait": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Done"},
    "Done": {"Type": "Succeed"}}}


class Workers:
    """Executions of one activity's task each, and who has taken them."""

    def __init__(self, daemon, role, count):
        self.daemon = daemon
        states = daemon.client("stepfunctions")
        activity = states.create_activity(name="waiting")["activityArn"]
        self.machine = states.create_state_machine(
            name="workers", roleArn=role, definition=json.dumps({"StartAt": "Task", "States": {
                "Task": {"Type": "Task", "Resource": activity, "End": True}}}))["stateMachineArn"]
        for _ in range(count):
            states.start_execution(stateMachineArn=self.machine)
        self.tokens = [states.get_activity_task(activityArn=activity)["taskToken"]
                       for _ in range(count)]

    def answer(self):
        states = self.daemon.client("stepfunctions")
        for token in self.tokens:
            states.send_task_success(taskToken=token, output="{}")
        check_ended(self.daemon, self.machine, len(self.tokens))


def wire_bytes(request):
    prepared = request.prepare()
    parts = urllib.parse.urlsplit(prepared.url)
    lines = [f"{prepared.method} {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}",
             f"Content-Length: {len(prepared.body)}"]
    lines += [f"{name}: {value}" for name, value in prepared.headers.items()
              if name.lower() not in ("host", "content-length")]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + prepared.body


class Starter:
    """Starts executions of one machine with one input, over connections that stay open."""

    def __init__(self, daemon, machine, text):
        self.daemon = daemon
        self.body = json.dumps({"stateMachineArn": machine, "input": text}).encode()
        self.failures = []

    def signed(self):
        request = raw.request_for(self.daemon.url, "states", "StartExecution", body=self.body)
        return wire_bytes(raw.sign("states", request, self.daemon.key, self.daemon.secret))

    def start(self, count):
        """Seconds that it took."""
        shares = [count // CONNECTIONS + (i < count % CONNECTIONS) for i in range(CONNECTIONS)]
        threads = [threading.Thread(target=self.send, args=(share,)) for share in shares]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise SystemExit(f"waiting-executions: {self.failures[0]}")
        return time.monotonic() - begin

    def send(self, count):
        url = urllib.parse.urlsplit(self.daemon.url)
        try:
            with socket.create_connection((url.hostname, url.port)) as connection:
                request, until = b"", 0
                for _ in range(count):
                    if time.monotonic() > until:
                        request, until = self.signed(), time.monotonic() + SIGNED_SECONDS
                    connection.sendall(request)
                    answer = whole_answer(connection)
                    if not answer.startswith(b"HTTP/1.1 200 "):
                        raise RuntimeError(answer.decode())
        except (OSError, RuntimeError) as error:
            self.failures.append(error)


def whole_answer(connection):
    answer = b""
    while True:
        chunk = connection.recv(65536)
        if not chunk:
            raise RuntimeError(f"a connection was closed after {answer!r}")
        answer += chunk
        head, separator, body = answer.partition(b"\r\n\r\n")
        if separator:
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            if len(body) >= int(length):
                return answer


def megabytes_on_disk(daemon):
    return sum(path.stat().st_size for path in pathlib.Path(daemon.data).glob("trainyard.db*")) / 1e6


def settled_rss(daemon):
    """Once nothing is written any more."""
    time.sleep(2)
    return rss_megabytes(daemon.process.pid)


def restart(daemon, end, name):
    end()
    begin = time.monotonic()
    daemon.start()
    report(f"waiting.ready_after_{name}", (time.monotonic() - begin) * 1000, "ms")
    report(f"waiting.rss_after_{name}", settled_rss(daemon), "MB")


def count_of(daemon, machine, status):
    pages = daemon.client("stepfunctions").get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter=status, PaginationConfig={"PageSize": 1000})
    return sum(len(page["executions"]) for page in pages)


def check_ended(daemon, machine, count):
    ended = count_of(daemon, machine, "SUCCEEDED")
    if ended != count:
        raise SystemExit(f"waiting-executions: {ended} of {count} have succeeded")


def any_runs(daemon, machine):
    return bool(daemon.client("stepfunctions").list_executions(
        stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)["executions"])


def measure(daemon, executions):
    _, role = make_roles(daemon)
    machine = daemon.client("stepfunctions").create_state_machine(
        name="waiting", roleArn=role, definition=json.dumps(DEFINITION))["stateMachineArn"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    rate = WARM_UP / Starter(daemon, machine, json.dumps({"until": now})).start(WARM_UP)
    due = time.time() + executions / rate * STARTS_FACTOR + RESTARTS_SECONDS
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    daemon.terminate()  # the database without its log
    daemon.start()
    rss, disk = settled_rss(daemon), megabytes_on_disk(daemon)
    seconds = Starter(daemon, machine, json.dumps({"until": until})).start(executions)
    report("waiting.started", executions / seconds, "1/s")
    each = (settled_rss(daemon) - rss) * 1000 / executions
    report("waiting.rss_each", each, "KB", RSS_KILOBYTES_EACH_MAX)
    workers = Workers(daemon, role, max(1, executions // 1000))
    restart(daemon, daemon.kill, "kill")
    restart(daemon, daemon.terminate, "terminate")
    workers.answer()
    report("waiting.disk_each", (megabytes_on_disk(daemon) - disk) * 1000 / executions, "KB")
    if time.time() > due:
        raise SystemExit("waiting-executions: their time came before all had been started")
    time.sleep(max(0, due - time.time()))
    while any_runs(daemon, machine):
        time.sleep(0.2)
    report("waiting.ended", executions / (time.time() - due), "1/s")
    report("waiting.rss_at_end", settled_rss(daemon), "MB")
    check_ended(daemon, machine, executions + WARM_UP)


def main():
    executions = int(sys.argv[1]) if len(sys.argv) > 1 else EXECUTIONS
    daemon = Daemon().start()
    try:
        measure(daemon, executions)
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
