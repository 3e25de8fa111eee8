"""The machine has run out of something while mail goes out: room on its disk, descriptors, memory, connections to the
database, or threads, because servers never answer. It is given back, and nobody mends anything by hand.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox
from tests.sink import Act, Manners, Sink
from tests.torture.campaign import launch_from_boxes
from tests.torture.installation import Installation, Program, Receiver, receiving, wait_until
from tests.torture.ledger import Ledger, balance, is_quiet
from tests.torture.server import own_server

BOXES, EACH = 8, 60
CONNECTIONS = 60  # that the database allows
SHORT_SECONDS = 4.0
SILENT = 24  # mailboxes whose server never answers: more than a process has places
KEPT = 0.8  # of their rate, by the others
OTHERS_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
RUN = ("scheduler", "run")
Shortage = Callable[[Installation, Program], None]


def disk(_here: Installation, program: Program) -> None:
    """No file may grow, whether it is the database, a journal or the log."""
    _squeeze(program, resource.RLIMIT_FSIZE, 0)


def descriptors(_here: Installation, program: Program) -> None:
    _squeeze(program, resource.RLIMIT_NOFILE, len(list(Path(f"/proc/{program.process.pid}/fd").iterdir())))


def memory(_here: Installation, program: Program) -> None:
    """Not a byte more than it has."""
    pages = int(Path(f"/proc/{program.process.pid}/statm").read_text().split()[0])
    _squeeze(program, resource.RLIMIT_AS, pages * resource.getpagesize())


def connections(here: Installation, _program: Program) -> None:
    """Every one is cut, and taken by somebody else before the product asks for it again."""
    with ExitStack() as taken:
        line = taken.enter_context(psycopg.connect(here.database_url, autocommit=True))
        line.execute(OTHERS_END)
        with suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(psycopg.connect(here.database_url))
        time.sleep(SHORT_SECONDS)


SHORTAGES: dict[str, tuple[Shortage, ...]] = {  # by database
    "": (disk, descriptors, memory),
    "postgresql": (disk, descriptors, memory, connections),
}


def run_short(folder: Path, shortage: Shortage, times: int, url: str = "") -> Ledger:
    """So many times while mail goes out from eight mailboxes. A process that ends is started again, as ever."""
    here = Installation(folder, url)
    here.set_up()
    each = max(EACH * times // 2, EACH)
    with receiving(folder, "--seconds", "0.1") as receiver:
        launch_from_boxes(here.engine, BOXES, each, receiver.port)
        engine, program = here.engine, here.start(*RUN)
        try:
            for _ in range(times):
                program = goes_on(here, program, receiver, engine)
                shortage(here, program)
            program = goes_on(here, program, receiver, engine)
            wait_until(lambda: is_quiet(engine), 180 + BOXES * each / 5, "every message sent or uncertain")
            return balance(engine, receiver, BOXES * each, BOXES)
        finally:
            program.kill()
            engine.dispose()


def _squeeze(program: Program, what: int, most: int) -> None:
    """For a while, and from outside: the process itself knows nothing of it."""
    usual = resource.prlimit(program.process.pid, what)
    resource.prlimit(program.process.pid, what, (most, usual[1]))
    time.sleep(SHORT_SECONDS)
    with suppress(ProcessLookupError):  # it may have ended
        resource.prlimit(program.process.pid, what, usual)


def goes_on(here: Installation, program: Program, receiver: Receiver, engine: Engine) -> Program:
    """Once mail has left again; the process that sends by then."""
    if not program.running:
        program = here.start(*RUN)
    enough = receiver.lines() + 20
    wait_until(
        lambda: receiver.lines() >= enough or is_quiet(engine) or not program.running, 120, "mail goes on"
    )
    return program if program.running else here.start(*RUN)


def rate_beside_silence(folder: Path, silent: int, url: str = "") -> tuple[float, list[str]]:
    """Mails a second of eight mailboxes, beside so many whose server never answers the final dot."""
    here = Installation(folder, url)
    here.set_up()
    engine = here.engine
    with receiving(folder, "--seconds", "0.3") as receiver, _never_answering() as port:
        launch_from_boxes(engine, silent + BOXES, EACH, receiver.port)
        with engine.begin() as connection:
            first = (
                sa.select(Mailbox.id).where(Mailbox.address.like("rep%")).order_by(Mailbox.id).limit(silent)
            )
            connection.execute(sa.update(Mailbox).where(Mailbox.id.in_(first)).values(port=port))
        program = here.start(*RUN)
        try:
            wait_until(lambda: receiver.lines() > 0, 120, "the others begin")
            begun = time.monotonic()
            wait_until(lambda: receiver.lines() >= BOXES * EACH, 300, "the others have sent")
            seconds = time.monotonic() - begun
        finally:
            program.kill()
            engine.dispose()
        taken = [message_id for _, message_id in receiver.taken()]
    return BOXES * EACH / seconds, [] if len(taken) == len(set(taken)) else ["taken twice"]


@contextmanager
def _never_answering() -> Iterator[int]:
    silence = Manners(script=lambda at, _: Act.SILENCE if at == "BODY" else None)
    with Sink(silence) as sink:
        yield sink.port


def all_resources(url: str, folder: Path, _seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: ten times each."""
    times, wrong, said = max(round(10 * share), 2), [], []
    for shortage in SHORTAGES[url]:
        place = folder / shortage.__name__
        place.mkdir()
        with _database(url, place) as database:
            ledger = run_short(place, shortage, times, database)
        wrong += [f"{shortage.__name__}: {words}" for words in ledger.wrong]
        said.append(f"{shortage.__name__} {ledger.states.get('uncertain', 0)}")
    return f"{times} shortages of each, uncertain after them: {', '.join(said)}", wrong


def all_silence(url: str, folder: Path, _seed: int, _share: float) -> tuple[str, list[str]]:
    """For make torture: once without silent servers and once beside them."""
    wrong: list[str] = []
    alone, beside = (_rate(url, folder / f"silent{silent}", silent, wrong) for silent in (0, SILENT))
    if beside < KEPT * alone:
        wrong.append(f"{beside:.1f} mails a second beside silent servers, {alone:.1f} without")
    return f"{beside:.1f} mails a second beside {SILENT} silent servers, {alone:.1f} without", wrong


def _rate(url: str, place: Path, silent: int, wrong: list[str]) -> float:
    place.mkdir()
    with _database(url, place) as database:
        rate, broken = rate_beside_silence(place, silent, database)
    wrong += broken
    return rate


@contextmanager
def _database(url: str, place: Path) -> Iterator[str]:
    if not url:
        yield ""
        return
    with own_server(place, CONNECTIONS) as server:
        yield server.direct_url
