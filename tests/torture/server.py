"""A database server of the run's own, that may be crashed, behind a proxy that cuts its lines."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.database_servers import CONNECTIONS, let_in, start_again
from tests.databases import prepare_server
from tests.fault_proxy import FaultProxy

NAME = "postgres"


class Server:
    """`url` leads through the proxy, `direct_url` does not."""

    def __init__(self, server: Any, proxy: FaultProxy) -> None:
        self._server = server
        self._proxy = proxy
        self.url = f"postgresql://postgres:@{proxy.host}:{proxy.port}/{NAME}"
        self.direct_url = str(server.get_uri())

    def crash(self) -> None:
        """End it as a machine that loses its power does: nothing is written back. Then start it again."""
        start_again(self._server, signal.SIGQUIT)

    def ensure_running(self) -> None:
        """As whoever watches over it starts it again when it has ended."""
        self._server.ensure_postgres_running()

    def cut(self) -> int:
        return self._proxy.cut_all()


@contextmanager
def own_server(folder: Path, connections: int = CONNECTIONS) -> Iterator[Server]:
    """It lets so many `connections` in."""
    server = prepare_server(folder / "postgresql")
    let_in(server, connections)
    socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    with FaultProxy(f"{socket}/.s.PGSQL.5432", 0) as proxy:
        try:
            yield Server(server, proxy)
        finally:
            server.cleanup()
