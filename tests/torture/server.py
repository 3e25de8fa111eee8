"""A database server of the run's own, that may be crashed, behind a proxy that cuts its lines."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.databases import prepare_server
from tests.fault_proxy import FaultProxy
from tests.torture.installation import wait_until

NAME = "postgres"


class Server:
    """`url` leads through the proxy."""

    def __init__(self, server: Any, proxy: FaultProxy) -> None:
        self._server = server
        self._proxy = proxy
        self.url = f"postgresql://postgres:@{proxy.host}:{proxy.port}/{NAME}"

    def crash(self) -> None:
        """End it as a machine that loses its power does: nothing is written back. Then start it again."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not _lives(pid), 30, "the server is down")
        time.sleep(0.2)
        self._server.ensure_postgres_running()

    def cut(self) -> int:
        return self._proxy.cut_all()


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    server = prepare_server(folder / "postgresql")
    socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    with FaultProxy(f"{socket}/.s.PGSQL.5432", 0) as proxy:
        try:
            yield Server(server, proxy)
        finally:
            server.cleanup()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
