"""A mail server that takes its time: every answer waits, as over a long line. It takes all mail and keeps none.

python -m benchmarks.slow_sink PORT MILLISECONDS
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.relay import free_port, wait_for

ANSWERS = {
    b"EHLO": b"250-slow.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


@contextmanager
def slow_sink(milliseconds: int) -> Iterator[int]:
    """Its port; it ends with the block."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.slow_sink", str(port), str(milliseconds)])
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


class Line(asyncio.Protocol):
    """One connection. What arrived together is answered together, `seconds` later, in order."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._rest, self._in_body = seconds, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._later(b"220 slow.example\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        answers = b""
        while (answer := self._next()) is not None:
            answers += answer
        if answers:
            self._later(answers)

    def _next(self) -> bytes | None:
        end = b"\r\n.\r\n" if self._in_body else b"\r\n"
        line, found, rest = self._rest.partition(end)
        if not found:
            return None
        self._rest = rest
        if self._in_body:
            self._in_body = False
            return b"250 2.0.0 taken\r\n"
        verb = line[:4].upper()
        self._in_body = verb == b"DATA"
        return ANSWERS.get(verb, b"250 2.1.0 Ok\r\n")

    def _later(self, answers: bytes) -> None:
        asyncio.get_running_loop().call_later(self._seconds, self._answer, answers)

    def _answer(self, answers: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answers)


async def serve(port: int, seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Line(seconds), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1_000))
