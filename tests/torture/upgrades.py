"""A newer version takes over in the middle of a campaign, beside the older one, and gives the work back to it.

The older version is the code that stands here, the newer one a copy of it whose schema has one column and one index
more, and which writes into it with every mail. Whose hand-over an attempt tells, the database notes by itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.migrating import newest_revision
from tests.torture.campaign import launch_from_boxes
from tests.torture.cluster import QUEUED, Cluster, at_work, books_at_the_end, told
from tests.torture.installation import ROOT, Installation, Receiver, receiving, wait_until
from tests.torture.ledger import Ledger, is_quiet
from tests.torture.server import own_server

PRODUCT = ("sales_campaigns", "web", "scheduler", "integrations", "wsgi.py")
BOXES, WORKERS = 25, 2  # workers of each version: more mailboxes than those of one have in hand
NEWER = "newer"
MIGRATION = f'''"""Which version sent a mail"""

import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{{older}}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("version", sa.String(20)))
    op.create_index("ix_message_version", "message", ["version"])
    op.add_column("attempt", sa.Column("version", sa.String(64)))
    op.alter_column("attempt", "version", server_default=sa.text("current_setting('application_name')"))


def downgrade() -> None:
    op.drop_column("attempt", "version")
    op.drop_index("ix_message_version", "message")
    op.drop_column("message", "version")
'''
MODEL = f"""
Message.version = mapped_column(sa.String(20), index=True, default="{NEWER}", onupdate="{NEWER}")
"""


def newer_version(folder: Path) -> Path:
    """A copy of the product with a schema that is one revision ahead; where it stands."""
    folder.mkdir()
    for name in PRODUCT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    revisions = folder / "sales_campaigns" / "migrations" / "versions"
    (revisions / f"{NEWER}.py").write_text(MIGRATION.format(older=newest_revision()))
    with (folder / "sales_campaigns" / "messages" / "models.py").open("a") as models:
        models.write(MODEL)
    return folder


def upgrade_while_sending(folder: Path, each: int, delay: float, url: str) -> Ledger:
    """So many mails `each` of the mailboxes. `delay`: what the server takes over each, in seconds.

    The older version works, the schema is changed under it, the newer one works beside it and alone, the older one
    comes back to the newer schema, and that is taken back under it.
    """
    older = Installation(folder, url, dict(QUEUED))
    older.set_up()
    named = f"{url}?application_name={NEWER}"
    newer = replace(older, code=newer_version(folder / "code"), database_url=named)
    with receiving(folder, "--seconds", str(delay)) as receiver:
        launch_from_boxes(older.engine, BOXES, each, receiver.port)
        with at_work(older, receiver, WORKERS) as (cluster, engine):
            _go_up_and_back(cluster, newer, receiver, engine)
            at_work_to_the_last = not is_quiet(engine)
            newer.run("db", "downgrade", newest_revision())
            ledger = books_at_the_end(cluster, receiver, engine, BOXES * each, BOXES)
    if not at_work_to_the_last:
        ledger.wrong.append("the mails were all sent before the older version had come back")
    if ledger.states.get("uncertain", 0):
        ledger.wrong.append(f"{ledger.states['uncertain']} uncertain, though nobody was killed")
    return ledger


def _go_up_and_back(cluster: Cluster, newer: Installation, receiver: Receiver, engine: Engine) -> None:
    def more(count: Callable[[], int], what: str) -> None:
        enough = count() + 50
        wait_until(lambda: count() >= enough or is_quiet(engine), 120, what)

    first = list(cluster.programs)
    newer.run("db", "upgrade")
    more(receiver.lines, "mail goes on leaving")
    second = cluster.start_all(WORKERS, newer)
    more(lambda: _sent_by(engine, newer=True), "the newer version sends too")
    more(lambda: _sent_by(engine, newer=False), "the older version sends beside it")
    cluster.end(first)
    more(receiver.lines, "the newer version sends alone")
    cluster.here.run("db", "upgrade")  # as a unit does before each start
    cluster.start_all(WORKERS)
    more(lambda: _sent_by(engine, newer=False), "the older version is back")
    cluster.end(second)
    more(receiver.lines, "the older version sends alone")


def _sent_by(engine: Engine, *, newer: bool) -> int:
    """How many mails this version has handed over."""
    theirs = f"version {'=' if newer else 'IS DISTINCT FROM'} '{NEWER}'"
    with engine.connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM attempt WHERE {theirs}")) or 0


def all_upgrades(_url: str, folder: Path, _seed: int, _share: float) -> tuple[str, list[str]]:
    """For make torture, once however long it runs: 5,000 mails leave while versions change."""
    with own_server(folder) as server:
        ledger = upgrade_while_sending(folder, 200, 0.3, server.url)
    return f"an upgrade, both side by side, and back: {told(ledger)}", ledger.wrong
