"""Content: files that go with mails, copies of steps and mailboxes, snippets, favourite templates"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None

CARRIERS = ("wording", "message", "draft")


def upgrade() -> None:
    _files()
    for table in CARRIERS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("bundle_id", sa.Integer(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{table}_bundle_id"), "bundle", ["bundle_id"], ["id"])
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("left_out", sa.JSON(), nullable=True))
    for table in ("step", "mailbox"):
        with op.batch_alter_table(table) as batch:
            for name in ("cc", "bcc"):
                batch.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("largest_mail", sa.Integer(), nullable=True))
    with op.batch_alter_table("rehearsed_mail") as mail:
        mail.add_column(sa.Column("files", sa.Text(), server_default="", nullable=False))
    _favourites_and_snippets()


def downgrade() -> None:
    op.drop_table("snippet")
    op.drop_table("favourite_template")
    with op.batch_alter_table("rehearsed_mail") as mail:
        mail.drop_column("files")
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.drop_column("largest_mail")
    for table in ("step", "mailbox"):
        with op.batch_alter_table(table) as batch:
            for name in ("cc", "bcc"):
                batch.drop_column(name)
    with op.batch_alter_table("message") as message:
        message.drop_column("left_out")
    for table in CARRIERS:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_bundle_id"), type_="foreignkey")
            batch.drop_column("bundle_id")
    for table in ("attachment", "bundle", "attachment_file"):
        op.drop_table(table)


def _files() -> None:
    op.create_table(
        "attachment_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_file")),
        sa.UniqueConstraint("digest", name=op.f("uq_attachment_file_digest")),
    )
    op.create_table(
        "bundle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_bundle_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("team_id", "digest", name=op.f("uq_bundle_team_id_digest")),
    )
    op.create_table(
        "attachment",
        sa.Column("bundle_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=130), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundle.id"], name=op.f("fk_attachment_bundle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["attachment_file.id"], name=op.f("fk_attachment_file_id")),
        sa.PrimaryKeyConstraint("bundle_id", "position", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_file_id"), "attachment", ["file_id"])


def _favourites_and_snippets() -> None:
    op.create_table(
        "favourite_template",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_favourite_template_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["template.id"],
            name=op.f("fk_favourite_template_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "template_id", name=op.f("pk_favourite_template")),
    )
    op.create_table(
        "snippet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_snippet_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_snippet_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snippet")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_snippet_team_id_name")),
    )
