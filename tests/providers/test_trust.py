"""The certificates that are trusted: read once for all connections, and again when the operator changes the file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from integrations.trust import trusting
from tests.providers.certificates import server_context


def the_names(bundle: Path) -> list[object]:
    return [one["serialNumber"] for one in trusting(str(bundle)).get_ca_certs()]


def test_they_are_read_once_for_all_connections(tmp_path: Path) -> None:
    _, bundle = server_context(tmp_path)
    assert trusting(bundle) is trusting(bundle) and trusting(None) is trusting(None)
    assert trusting(bundle) is not trusting(None)


def test_a_file_that_was_changed_is_read_again_without_a_restart(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    _, bundle = server_context(tmp_path)
    _, other = server_context(tmp_path / "other")
    held = Path(bundle)
    before = the_names(held)
    shutil.copyfile(other, held)
    os.utime(held, (1, 1))  # a renewed file may bear an older date than the one before
    assert the_names(held) == the_names(Path(other)) != before
