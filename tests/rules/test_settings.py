"""Settings: from the environment or files, malformed ones in one list, and a secret that is nobody else's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sales_campaigns.errors import Invalid
from sales_campaigns.settings import read_settings, settings_or_exit, with_secret

SECRET = "only for the tests, and long enough"


def test_it_reads_a_setting_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    assert read_settings({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == SECRET


def test_it_lists_every_malformed_setting_at_once() -> None:
    wrong = {"SECRET_KEY": "short", "PORT": "many", "PUBLIC_URL": "ftp://x", "DATABASE_URL": "mysql://x"}
    with pytest.raises(Invalid) as refused:
        read_settings(wrong)
    assert refused.value.problems.keys() == wrong.keys()


def test_it_never_prints_a_secret_it_refuses() -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"SECRET_KEY": "hunter2"})
    assert "hunter2" not in refused.value.words


def test_it_makes_a_secret_once_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = read_settings(with_secret({"DATA_DIR": str(tmp_path)})).secret_key
    again = read_settings(with_secret({"DATA_DIR": str(tmp_path)})).secret_key
    assert first == again and len(first) > 40
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_it_refuses_to_start_without_a_secret_where_machines_must_share_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="SECRET_KEY: is not set"):
        settings_or_exit({"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://somewhere/db"})
