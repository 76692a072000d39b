"""Attackers without an account: each opens its connections, keeps them until the time is over, and counts what it met.

`python -m tests.acceptance.attackers NAME --port PORT [--clients 1000] [--seconds 20] [--bundle PATH]` is one, against
a server that is there already; benchmarks/floods.py runs them beside a person.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

LOST = (OSError, EOFError, TimeoutError, ConnectionClosed, InvalidHandshake)


class Attack:
    """What one attacker's clients do at the same time."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.until = port, time.monotonic() + seconds
        self.met: Counter[str] = Counter()

    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def run(self, name: str, clients: int) -> None:
        one = getattr(self, name)
        await asyncio.gather(*(self._client(one, number) for number in range(clients)))

    async def _client(self, one: Any, number: int) -> None:
        while self.goes_on():
            try:
                async with asyncio.timeout(self.until - time.monotonic()):
                    await one(number)
                    self.met["done"] += 1
            except InvalidHandshake as refused:
                self.met[str(getattr(getattr(refused, "response", None), "status_code", "refused"))] += 1
            except LOST:
                self.met["cut off"] += 1
            await asyncio.sleep(0.5)

    async def _open(self) -> ClientConnection:
        return await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], proxy=None,
            open_timeout=30, compression=None,
        )  # fmt: skip

    async def silent_sockets(self, number: int) -> None:
        """Open a page's WebSocket, and say nothing."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.recv()

    async def sockets(self, number: int) -> None:
        """Open a page, and stay."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(rerun())
            while True:
                await socket.recv()

    async def stepping_sockets(self, number: int) -> None:
        """Open a page, and let it run again and again."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            while True:
                await socket.send(rerun(query=str(number)))
                await socket.recv()

    async def deaf_sockets(self, number: int) -> None:
        """Let a page run, ping, and take nothing of what comes back."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            socket.transport.pause_reading()
            while True:
                await socket.send(rerun())
                await socket.ping()
                await asyncio.sleep(0)

    async def forged_messages(self, number: int) -> None:
        """Send what is no message of a page."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(rerun())
            for message in forgeries():
                await socket.send(message)
            await socket.recv()

    async def huge_messages(self, number: int) -> None:
        """Send messages as large as may be."""
        async with await self._open() as socket:
            self.met["let in"] += 1
            await socket.send(b"x" * (900 << 10))
            await socket.recv()

    async def connections(self, number: int) -> None:
        """Open a connection, and send nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            said = await reader.read(200)
            self.met[said[9:12].decode() or "cut off"] += 1
        finally:
            writer.close()

    async def slow_bodies(self, number: int) -> None:
        """Send a body byte by byte."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            writer.write(b"POST /console/vod/getVideos HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            while True:
                writer.write(b"x" * 60)
                await writer.drain()
                await asyncio.sleep(0.1)
        finally:
            writer.close()

    async def slow_readers(self, number: int) -> None:
        """Ask for a bundle over and over, and take nothing of it."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.met["let in"] += 1
            writer.transport.pause_reading()
            for _ in range(50):
                writer.write(b"GET /%s HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n" % self.bundle)
            await asyncio.sleep(self.until - time.monotonic())
        finally:
            writer.transport.abort()

    bundle = b""

    async def sign_ins(self, number: int) -> None:
        """Sign in under one name after the other."""
        body = urlencode({"userName": f"nobody{number}", "password": "wrong"}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                b"POST /console/user/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            self.met[head[9:12].decode()] += 1
        finally:
            writer.close()

    async def uploads(self, number: int) -> None:
        """Send files to where Streamlit would keep them in memory."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            writer.write(b"x" * 1_000_000)
            head = await reader.readuntil(b"\r\n\r\n")
            self.met[head[9:12].decode()] += 1
        finally:
            writer.close()


FLOODS = {
    "silent_sockets": 1.0,
    "sockets": 1.0,
    "stepping_sockets": 0.25,
    "deaf_sockets": 0.25,
    "forged_messages": 0.25,
    "huge_messages": 0.1,
    "connections": 1.0,
    "slow_bodies": 1.0,
    "slow_readers": 0.5,
    "sign_ins": 0.1,
    "uploads": 0.1,
}  # fmt: skip  (each with its share of the clients)


def rerun(query: str = "") -> bytes:
    """Return what a page sends first."""
    message = BackMsg()
    message.rerun_script.query_string = query
    return message.SerializeToString()


def forgeries() -> list[bytes]:
    """Return messages with ids and values that no page has."""
    made = []
    for value in ({"json_value": "{"}, {"string_value": "x"}, {"int_value": 7}, {"bytes_value": b"x"}):
        message = BackMsg()
        for name in ("", "x", "$$ID-0-None", "$$ID-0-sign_in_do", "$$STREAMLIT_INTERNAL_KEY_x", "a" * 5000):
            message.rerun_script.widget_states.widgets.add(id=name, **value)  # type: ignore[arg-type]
        made.append(message.SerializeToString())
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=FLOODS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--bundle", default="", help="the path of a large file, for slow_readers")
    given = parser.parse_args()
    attacker = Attack(given.port, given.seconds)
    attacker.bundle = given.bundle.encode()
    asyncio.run(attacker.run(given.name, given.clients))
    print(json.dumps(attacker.met))


if __name__ == "__main__":
    main()
