"""Migrations run up and down on both databases and end where the models stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine

from sales_campaigns.database import make_engine
from sales_campaigns.migrating import downgrade, is_current, upgrade
from sales_campaigns.schema import METADATA
from tests.databases import postgresql_url, worker_name


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/bare.sqlite3"
    engine = make_engine(url if request.param == "sqlite" else postgresql_url(f"{worker_name()}_bare"))
    yield engine
    engine.dispose()


def test_it_climbs_to_the_models_and_back_to_nothing(bare: Engine) -> None:
    upgrade(bare)
    assert is_current(bare)
    with bare.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    downgrade(bare, "base")
    assert set(sa.inspect(bare).get_table_names()) <= {"alembic_version"}
    upgrade(bare)
    assert is_current(bare)
