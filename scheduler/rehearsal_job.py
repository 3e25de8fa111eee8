"""The job that plays the rehearsals that were asked for on the page, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from sales_campaigns.clock import machine_seconds
from sales_campaigns.errors import Refusal
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.rehearsals.playing import (
    Stopped,
    give_up,
    keep,
    note_progress,
    play_of,
    take_next,
    waits,
)
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.unit_of_work import unit_of_work
from scheduler.jobs import EVERYTHING, Job, Key

log = structlog.get_logger()
TELL_SECONDS = 0.5


def rehearsal_job(rehearse: Rehearse) -> Job:
    """Look every second; a rehearsal takes seconds, and mail that is due goes on beside it."""

    def find(room: PostRoom) -> Sequence[Key]:
        with unit_of_work(room.reads, room.clock) as uow:
            return EVERYTHING if waits(uow.session) else ()

    def do(room: PostRoom, _key: Key) -> int:
        with unit_of_work(room.sessions, room.clock) as uow:
            taken = take_next(uow)
        if taken is None:
            return 0
        _play(rehearse, room, taken)
        return 1

    return Job("rehearse", find, do, every=1)


def _play(rehearse: Rehearse, room: PostRoom, rehearsal_id: int) -> None:
    """Whatever goes wrong is this rehearsal's own trouble: the page says so, and the next one has its turn."""
    try:
        with unit_of_work(room.reads, room.clock) as uow:
            play = play_of(uow.session, rehearsal_id)
        played = rehearse(play, _Telling(room, rehearsal_id))
        with unit_of_work(room.sessions, room.clock) as uow:
            keep(uow, rehearsal_id, play, played)
    except Stopped:
        return
    except Refusal as error:
        _give_up(room, rehearsal_id, error.words)
    except Exception:
        log.exception("a rehearsal could not be played", rehearsal=rehearsal_id)
        _give_up(room, rehearsal_id, "It could not be played; the log of the scheduler says why.")


def _give_up(room: PostRoom, rehearsal_id: int, words: str) -> None:
    with unit_of_work(room.sessions, room.clock) as uow:
        give_up(uow, rehearsal_id, words)


class _Telling:
    """Writes the progress down from time to time, and so hears whether somebody stopped it."""

    def __init__(self, room: PostRoom, rehearsal_id: int) -> None:
        self._room = room
        self._rehearsal_id = rehearsal_id
        self._told = 0.0

    def __call__(self, percent: int) -> None:
        if machine_seconds() - self._told < TELL_SECONDS:
            return
        with unit_of_work(self._room.sessions, self._room.clock) as uow:
            note_progress(uow, self._rehearsal_id, percent)
        self._told = machine_seconds()
