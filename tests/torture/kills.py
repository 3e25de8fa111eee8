"""kill -9 the scheduler at random moments while it sends, start it again, and compare the books at the end."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.torture.campaign import launch_for
from tests.torture.installation import Installation, Receiver, receiving, wait_until
from tests.torture.ledger import Ledger, balance, is_quiet


def kill_while_sending(
    folder: Path,
    messages: int,
    kills: int,
    seed: int,
    database_url: str = "",
    delay: float = 0.001,
    *,
    bulk: bool = False,
) -> Ledger:
    """So many messages, so many kills. `delay` is what the server takes over each mail, in seconds."""
    chance = random.Random(seed)
    here = Installation(folder, database_url)
    here.set_up()
    engine = here.engine
    with receiving(folder, "--seconds", str(delay)) as receiver:
        launch_for(engine, messages, receiver.port, bulk=bulk)
        for stop_at in sorted(chance.sample(range(1, messages - kills), kills)):
            _send_until(here, receiver, stop_at, chance)
        last = here.start("scheduler", "run")
        try:
            wait_until(lambda: is_quiet(engine), 120 + messages / 20, "every message sent or uncertain")
        finally:
            last.end()
        ledger = balance(engine, receiver, messages)
    engine.dispose()
    return ledger


def _send_until(here: Installation, receiver: Receiver, count: int, chance: random.Random) -> None:
    """Let it send until the server took `count` mails in all, then kill it somewhere within the next few."""
    program = here.start("scheduler", "run")
    wait_until(lambda: receiver.lines() >= count or not program.running, 120, f"{count} mails taken")
    assert program.running, f"the scheduler ended by itself, see {here.folder / 'said.log'}"
    time.sleep(chance.uniform(0, 0.02))
    program.kill()
