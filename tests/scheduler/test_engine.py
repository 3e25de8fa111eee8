"""The local engine works for one key at a time, and nothing that fails stops it."""

from __future__ import annotations

import threading

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.engine import LocalEngine
from scheduler.jobs import Job, Key
from scheduler.places import Places
from tests.torture.installation import wait_until

SECONDS = 5.0


def test_it_works_for_one_key_once_at_a_time_and_for_several_keys_side_by_side(room: PostRoom) -> None:
    together, go_on = threading.Barrier(2), threading.Event()
    worked: list[Key] = []

    def work(_room: PostRoom, key: Key) -> int:
        worked.append(key)
        together.wait(SECONDS)
        go_on.wait(SECONDS)
        return 0

    engine = LocalEngine(room)
    job = Job("meet", lambda _room: [1, 2], work)
    engine.tick(job)
    wait_until(lambda: len(worked) == 2, SECONDS, "both keys are worked for")
    engine.tick(job)
    go_on.set()
    engine.stop()
    assert sorted(worked) == [1, 2]


def test_a_full_batch_is_followed_by_another_at_once(room: PostRoom) -> None:
    left = [3]

    def work(_room: PostRoom, _key: Key) -> int:
        left[0] -= 1
        return left[0]

    engine = LocalEngine(room)
    engine.tick(Job("batches", lambda _room: ["all"], work))
    wait_until(lambda: left == [0], SECONDS, "three batches in one tick")
    engine.stop()


def test_a_job_that_fails_is_tried_again_at_the_next_tick(room: PostRoom) -> None:
    tried: list[Key] = []

    def work(_room: PostRoom, key: Key) -> int:
        tried.append(key)
        raise RuntimeError("this one is broken")

    engine = LocalEngine(room)
    job = Job("broken", lambda _room: [1], work)
    wait_until(lambda: _tried_twice(engine, job, tried), SECONDS, "it is tried again")
    engine.stop()


def test_a_tick_that_cannot_look_leaves_the_engine_alive(room: PostRoom) -> None:
    done: list[Key] = []

    def look(_room: PostRoom) -> list[Key]:
        raise RuntimeError("the database is away")

    def work(_room: PostRoom, key: Key) -> int:
        done.append(key)
        return 0

    engine = LocalEngine(room)
    engine.tick(Job("blind", look, work))
    engine.tick(Job("seeing", lambda _room: [1], work))
    engine.stop()
    assert done == [1]


def test_after_stopping_nothing_begins(room: PostRoom) -> None:
    done: list[Key] = []

    def work(_room: PostRoom, key: Key) -> int:
        done.append(key)
        return 0

    engine = LocalEngine(room)
    engine.stop()
    engine.tick(Job("late", lambda _room: [1], work))
    assert done == []


def _tried_twice(engine: LocalEngine, job: Job, tried: list[Key]) -> bool:
    if len(tried) < 2:
        engine.tick(job)
    return len(tried) >= 2


def test_a_server_that_never_answers_takes_nobodys_place() -> None:
    """The rule: one mailbox does not hold up the others; nobody else has a place while nothing is waited for."""
    places, answered, worked = Places(1, patience=0.05), threading.Event(), threading.Event()

    def wait_for_a_server() -> None:
        with places.taken(), places.outside():
            answered.wait(SECONDS)

    def work() -> None:
        with places.taken():
            worked.set()

    threads = [threading.Thread(target=wait_for_a_server), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    assert not worked.wait(0.1), "a place is kept until it is asked who has been waiting for long"
    places.relieve()
    assert worked.wait(SECONDS)
    answered.set()
    for thread in threads:
        thread.join(SECONDS)
    with places.taken():
        assert not any(thread.is_alive() for thread in threads), "and there is one place again"
