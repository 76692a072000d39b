"""Connections and pages of a dashboard as hostile clients open them."""

from __future__ import annotations

import re
import socket
import struct
from functools import cached_property

CONTINUE, TEXT, BINARY, PING, PONG = 0, 1, 2, 9, 10
POST = (
    b"POST /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class Page:
    """A WebSocket without anything that would hold a hostile client back."""

    def __init__(self, port, cookie=""):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=90)
        cookies = f"Cookie: qu_session={cookie}\r\n" if cookie else ""
        self._socket.sendall(
            f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Origin: http://127.0.0.1:{port}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{cookies}"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: streamlit\r\n\r\n".encode()
        )

    @cached_property
    def status(self):
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := self._socket.recv(1)):
            head += byte
        return int(head[9:12])

    def send(self, payload, kind=BINARY, *, last=True):
        self._socket.sendall(frame(payload, kind, last=last))

    def pour(self, data):
        """Send bytes until they are gone, or the server has had enough; return whether it has."""
        self._socket.settimeout(5)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def take(self):
        """Return what comes next, or nothing at the end."""
        try:
            return self._socket.recv(1 << 16)
        except OSError:
            return b""

    def close_code(self):
        """Read until the end, and return the code that the server gave for it."""
        said = b""
        while piece := self.take():
            said += piece
        found = re.findall(rb"\x88[\x02-\x7d](..)", said, re.DOTALL)
        return int.from_bytes(found[-1], "big") if found else None

    def close(self):
        self._socket.close()


def frame(payload, kind=BINARY, *, last=True):
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else b"\xff" + struct.pack("!Q", length)
    return bytes([(0x80 if last else 0) | kind]) + size + b"\0\0\0\0" + payload


def take_all(connection):
    """Return what comes until the end. Raises ConnectionResetError where there is none."""
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said
