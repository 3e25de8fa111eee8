"""Where the servers of a test stand: a folder that their users may enter, and free ports of this machine."""

from __future__ import annotations

import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.providers.certificates import server_context

PASSWORD = "a-long-pass-word"
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Places:
    """`submission` and `tls` take Ana's mail, `hop` is the server behind them; `imap` and `imaps` give her mail."""

    folder: Path
    authorities: str
    submission: int
    tls: int
    hop: int
    imap: int
    imaps: int

    @property
    def values(self) -> dict[str, Any]:
        """What the configurations are filled in with."""
        owner = pwd.getpwnam("nobody")
        return {**self.__dict__, "uid": owner.pw_uid, "gid": owner.pw_gid, "password": PASSWORD}

    def wait_for(self, port: int, process: subprocess.Popen[bytes]) -> None:
        """Until something listens there. Raises RuntimeError with the server's own log when it does not come up."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{process.args!r} did not start:\n{self.logs()}")

    def logs(self) -> str:
        """The last words of both servers."""
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))


@contextmanager
def places() -> Iterator[Places]:
    """A fresh folder with a certificate of its own, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="post-office-"))
    folder.chmod(0o755)
    try:
        _, bundle = server_context(folder)
        mail = folder / "mail"
        mail.mkdir()
        shutil.chown(mail, "nobody")
        yield Places(folder, bundle, *free_ports(5))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
