"""Servers that leave in doubt what became of a mail: it is never sent twice, and what is called sent has arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from sales_campaigns.messages.models import Message, MessageState
from tests.databases import durable_postgresql_url
from tests.torture.campaign import launch_for
from tests.torture.installation import Installation, receiving, wait_until

MODES = ("drop-before-dot", "drop-after-dot", "reset-after-yes", "soft")
SHARE = 0.2  # of all addresses, the same ones each time
IN_HAND = ("pending", "claimed", "sending")


def send_to(mode: str, folder: Path, messages: int, url: str) -> tuple[Counter[str], list[str]]:
    """The states at the end of the first attempts, and a sentence for each broken promise."""
    here = Installation(folder, url)
    here.set_up()
    engine = here.engine
    with receiving(folder, "--mode", mode, "--share", str(SHARE)) as receiver:
        launch_for(engine, messages, receiver.port)
        program = here.start("scheduler", "run")
        try:
            wait_until(lambda: not _in_hand(engine), 60 + messages / 5, "every message tried")
        finally:
            program.end()
        with engine.connect() as connection:
            rows = connection.execute(sa.select(Message.message_id, Message.state)).all()
        taken = Counter(message_id for _, message_id in receiver.taken())
    engine.dispose()
    states = Counter(str(row.state) for row in rows)
    return states, [f"{mode}: {words}" for words in _wrong(rows, taken, states)]


def _wrong(
    rows: Sequence[sa.Row[str | None, MessageState]], taken: Counter[str], states: Counter[str]
) -> list[str]:
    known = {state: {row.message_id for row in rows if row.state == state} for state in states}
    sent, uncertain = known.get("sent", set()), known.get("uncertain", set())
    checks = {
        f"taken twice: {[one for one, times in taken.items() if times > 1]}": max(taken.values(), default=0)
        < 2,
        f"sent and never taken: {sorted(sent - taken.keys())}": sent <= taken.keys(),
        f"taken and tried again: {sorted(taken.keys() - sent - uncertain)}": taken.keys() <= sent | uncertain,
    }
    return [words for words, right in checks.items() if not right]


def _in_hand(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(Message.state.in_(IN_HAND)))))


def all_modes(url: str, folder: Path, seed: int, share: float) -> tuple[str, list[str]]:
    """For make torture: four kinds of servers × 500 mails."""
    messages, states, wrong = max(round(500 * share), 20), Counter[str](), []
    for mode in MODES:
        place = folder / mode
        place.mkdir()
        of_mode, broken = send_to(
            mode, place, messages, url and durable_postgresql_url(f"torture_{mode}_{seed}")
        )
        states += of_mode
        wrong += broken
    return f"{len(MODES)} ambiguous servers × {messages} mails: {dict(states)}", wrong
