"""A worker for tests of the front: it does what a request's body says. Its word at the start comes
from FAKE_LOAD: `exit` and `hang` never load; a path: loads for as long as that file exists."""
import json
import mmap
import os
import socket
import sys
import time

sock, requests = socket.socket(fileno=3), socket.socket(fileno=4)
page = mmap.mmap(5, 24)
number = bytes(8)


def send(head, body=b""):
    text = json.dumps(head).encode()
    sock.sendall(number + len(text).to_bytes(4, "big") + len(body).to_bytes(4, "big") + text + body)


def receive():
    """(number, head, body) of a request."""
    data, files, _, _ = socket.recv_fds(requests, 64 * 1024, 1)
    if not data:
        sys.exit(0)
    page[:16] = data[:8] + time.monotonic_ns().to_bytes(8, "little")
    for file in files:
        with open(file, "rb") as rest:
            rest.seek(0)
            data += rest.read()
    head_end = 16 + int.from_bytes(data[8:12], "big")
    return data[:8], json.loads(data[16:head_end]), data[head_end:]


def load():
    kind = os.environ.get("FAKE_LOAD", "")
    if kind == "exit":
        print("no model here", file=sys.stderr)
        sys.exit(3)
    if kind == "hang":
        sock.recv(1)
        sys.exit(0)
    if kind and not os.path.exists(kind):
        sys.exit(4)
    send({"ready": True})


def answer(head, body):
    word, _, rest = body.decode("latin-1").partition(" ")
    if word == "die":
        os._exit(7)
    if word == "hang":
        time.sleep(600)
    if word == "wait":  # for a file
        while not os.path.exists(rest):
            time.sleep(0.005)
    if word == "garbage":
        sock.sendall(b"\xff" * 100)
        return
    if word == "headless":
        return send([])
    if word == "pid":
        body = str(os.getpid()).encode()
    if word == "env":
        body = os.environ.get(rest, "(none)").encode()
    if word == "headers":
        body = json.dumps(head["headers"]).encode()
    if word == "status":
        return send({"status": int(rest), "headers": {"content-type": "text/plain"}}, b"as asked")
    send({"status": 200, "headers": {"content-type": "application/x-echo"}}, body)


load()
while True:
    number, asked, content = receive()
    answer(asked, content)
