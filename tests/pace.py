"""What makes a run quick and changes nothing that is asked: how many tests at a time, where files stand, less garbage.

Loaded by `pytest_plugins` in tests/conftest.py.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
YOUNG_OBJECTS = 50_000  # so many are new before the collector looks for garbage among them

# What is imported and collected stays until the end: nobody looks for garbage in it.
gc.disable()


def pytest_configure() -> None:
    if holds_files(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: whoever waits for a server, a browser or a process leaves its core to the others.

    More than that are slower: five on two cores took 13 minutes for what three did in 10.
    """
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()


def holds_files(folder: Path) -> bool:
    """Whether it is there, may be written to, has room for a run, and lets programs be started from it."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM_BYTES and not found.f_flag & os.ST_NOEXEC
