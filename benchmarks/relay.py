"""Postfix's two programs beside ours: smtp-sink takes mail and keeps none, smtp-source sends it from C."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"
MISSING = "not measured: smtp-sink and smtp-source are missing (they come with postfix)"


def program(name: str) -> str:
    """The path of one of the two programs; empty where the machine has it not."""
    return shutil.which(name, path=PATHS) or ""


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a free port, ended with the block."""
    port = free_port()
    process = subprocess.Popen([program("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "128"])
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def source(mails: int, size: int, port: int) -> float:
    """Seconds that smtp-source takes with eight sessions."""
    options = ["-s", "8", "-l", str(size), "-m", str(mails), "-f", "ana@north.example", "-t", "m@example.com"]
    begun = time.perf_counter()
    subprocess.run([program("smtp-source"), *options, f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - begun


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nobody listens on {port}")
