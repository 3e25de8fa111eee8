"""Migrations run up and down on both databases and end where the models stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import User
from sales_campaigns.database import make_engine
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.errors import IllegalMove
from sales_campaigns.migrating import FOLDER, Standing, downgrade, require_schema, standing, upgrade
from sales_campaigns.schema import METADATA
from tests.databases import postgresql_url, worker_name

NOW = datetime(2026, 11, 30, tzinfo=UTC)
A_DELIVERY = {"team_id": 1, "owner_id": 1, "kind": "single", "name": "Prices", "created_at": NOW}


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path}/bare.sqlite3"
    engine = make_engine(url if request.param == "sqlite" else postgresql_url(f"{worker_name()}_bare"))
    yield engine
    engine.dispose()


def test_it_climbs_to_the_models_and_back_to_nothing(bare: Engine) -> None:
    upgrade(bare)
    assert standing(bare) is Standing.CURRENT
    with bare.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    downgrade(bare, "base")
    assert set(sa.inspect(bare).get_table_names()) <= {"alembic_version"}
    upgrade(bare)
    assert standing(bare) is Standing.CURRENT


def test_what_a_newer_version_has_made_of_a_database_stays(bare: Engine) -> None:
    """The rule: the former code goes on with the schema of the next version (docs/operating.md, Upgrade)."""
    with bare.begin() as connection:
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(FOLDER)), "base")
        with pytest.raises(IllegalMove, match="run flask --app wsgi db upgrade first"):
            require_schema(connection)
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('next')"))
        require_schema(connection)
    upgrade(bare)
    assert standing(bare) is Standing.AHEAD
    assert sa.inspect(bare).get_table_names() == ["alembic_version"]


def test_a_column_takes_the_states_of_its_table_and_no_others(bare: Engine) -> None:
    """Also where a check was changed in place."""
    upgrade(bare)
    with bare.begin() as connection:
        connection.execute(sa.text("INSERT INTO team (id, name) VALUES (1, 'North')"))
        connection.execute(sa.insert(User), {"team_id": 1, "email": "ana@north.example", "created_at": NOW})
    for state in DeliveryState:
        with bare.begin() as connection:
            connection.execute(sa.insert(Delivery), {**A_DELIVERY, "state": state})
    nonsense = sa.text("UPDATE delivery SET state = 'nonsense'")
    with pytest.raises(sa.exc.IntegrityError), bare.begin() as connection:
        connection.execute(nonsense)
