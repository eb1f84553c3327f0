"""A worker for tests of the front: it does what a request's body says. Its word at the start comes
from FAKE_LOAD: `exit` and `hang` never load; a path: loads for as long as that file exists."""
import json
import os
import socket
import sys
import time

sock = socket.socket(fileno=3)


def send(head, body=b""):
    text = json.dumps(head).encode()
    sock.sendall(len(text).to_bytes(4, "big") + len(body).to_bytes(4, "big") + text + body)


def exactly(size):
    data = bytearray()
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            sys.exit(0)
        data += piece
    return bytes(data)


def load():
    kind = os.environ.get("FAKE_LOAD", "")
    if kind == "exit":
        print("no model here", file=sys.stderr)
        sys.exit(3)
    if kind == "hang":
        exactly(1)
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
    sizes = exactly(8)
    asked = json.loads(exactly(int.from_bytes(sizes[:4], "big")))
    answer(asked, exactly(int.from_bytes(sizes[4:], "big")))
