"""Messages to and from the front: two lengths of four bytes, a JSON object, a body."""
import json
import socket

SOCKET = 3
_PREFIX = 8
_PIECE = 64 * 1024


class Ended(Exception):
    """The front has gone."""


class Channel:
    def __init__(self, fileno=SOCKET):
        self._socket = socket.socket(fileno=fileno)
        self._socket.set_inheritable(False)

    def receive(self):
        """(head, body) of the next request: a dictionary and bytes."""
        data = self._socket.recv(_PIECE)
        if len(data) >= _PREFIX:
            head_end = _PREFIX + int.from_bytes(data[:4], "big")
            end = head_end + int.from_bytes(data[4:_PREFIX], "big")
            if len(data) == end:  # most are small and come at once
                return json.loads(data[_PREFIX:head_end]), data[head_end:]
        return self._receive_rest(bytearray(data))

    def _receive_rest(self, data):
        self._fill(data, _PREFIX)
        head_end = _PREFIX + int.from_bytes(data[:4], "big")
        end = head_end + int.from_bytes(data[4:_PREFIX], "big")
        self._fill(data, end)
        return json.loads(data[_PREFIX:head_end]), bytes(data[head_end:end])

    def _fill(self, data, size):
        while len(data) < size:
            piece = self._socket.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise Ended
            data += piece

    def send(self, head, body=b""):
        """`head`: the JSON text, as bytes."""
        start = len(head).to_bytes(4, "big") + len(body).to_bytes(4, "big") + head
        try:
            if len(body) <= _PIECE:
                self._socket.sendall(start + body)
            else:
                self._socket.sendall(start)
                self._socket.sendall(body)
        except BrokenPipeError:
            raise Ended from None
