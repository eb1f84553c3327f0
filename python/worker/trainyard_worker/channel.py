"""Messages from and to the front: a number of eight bytes, two lengths of four bytes, a JSON object,
a body (src/hosting/README.md)."""
import array
import functools
import json
import mmap
import socket
import time

ANSWERS, REQUESTS, PAGE = 3, 4, 5
_PREFIX = 16
_MESSAGE_MAX = 64 * 1024
_PIECE = 64 * 1024
# Of the page: the request's number and when it was begun; whether this worker is to take no other.
_DOING, _LEAVE, _PAGE = 16, 16, 24
_FILE = socket.CMSG_SPACE(array.array("i").itemsize)
# Clients send the same head again and again; longer ones are not worth remembering.
_HEAD_MAX = 2048
_remembered = functools.lru_cache(maxsize=64)(json.loads)


class Ended(Exception):
    """The front has gone."""


class Channel:
    def __init__(self):
        self._answers, self._requests = (socket.socket(fileno=number)
                                         for number in (ANSWERS, REQUESTS))
        for end in (self._answers, self._requests):
            end.set_inheritable(False)
        self._page = mmap.mmap(PAGE, _PAGE)
        self._number = bytes(8)  # of the request that is answered next; 0: none

    def receive(self):
        """(head, body) of the next request: a dictionary, which is not to be changed, and bytes."""
        if self._page[_LEAVE]:
            raise Ended
        data, control, _, _ = self._requests.recvmsg(_MESSAGE_MAX, _FILE)
        if not data:
            raise Ended
        # The front finds here whose time is running, and what ends with this process.
        self._number = data[:8]
        self._page[:_DOING] = self._number + time.monotonic_ns().to_bytes(8, "little")
        head_end = _PREFIX + int.from_bytes(data[8:12], "big")
        if control:
            data += _rest(control)
        head = data[_PREFIX:head_end]
        return (_remembered if len(head) <= _HEAD_MAX else json.loads)(head), data[head_end:]

    def send(self, head, body=b""):
        """`head`: the JSON text, as bytes."""
        start = b"".join((self._number, len(head).to_bytes(4, "big"),
                          len(body).to_bytes(4, "big"), head))
        try:
            if len(body) <= _PIECE:
                self._answers.sendall(start + body)
            else:
                self._answers.sendall(start)
                self._answers.sendall(body)
        except BrokenPipeError:
            raise Ended from None


def _rest(control):
    """What did not fit into a message is in a file that came with it."""
    numbers = array.array("i")
    numbers.frombytes(control[0][2][:numbers.itemsize])
    with open(numbers[0], "rb") as file:
        file.seek(0)
        return file.read()
