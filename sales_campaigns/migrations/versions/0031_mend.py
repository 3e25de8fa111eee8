"""a link to the mirror page, as a team wishes; of which template words were taken, by its id"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

# A step's template is its team's of that name today; so is that of a variant and of a delivery.
FOUND = {
    "step": """
        UPDATE step SET template_id = (
            SELECT template.id FROM template
            JOIN campaign ON campaign.team_id = template.team_id
            JOIN campaign_version ON campaign_version.campaign_id = campaign.id
            WHERE campaign_version.id = step.version_id AND template.name = step.from_template
        ) WHERE from_template <> ''
    """,
    "step_variant": """
        UPDATE step_variant SET template_id = (
            SELECT template.id FROM template
            JOIN campaign ON campaign.team_id = template.team_id
            JOIN campaign_version ON campaign_version.campaign_id = campaign.id
            JOIN step ON step.version_id = campaign_version.id
            WHERE step.id = step_variant.step_id AND template.name = step_variant.from_template
        ) WHERE from_template <> ''
    """,
    "delivery_setup": """
        UPDATE delivery_setup SET template_id = (
            SELECT template.id FROM template
            JOIN delivery ON delivery.team_id = template.team_id
            WHERE delivery.id = delivery_setup.delivery_id AND template.name = delivery_setup.from_template
        ) WHERE from_template <> ''
    """,
}


def upgrade() -> None:
    # Without copying the tables: what hangs on them in SQLite would be lost.
    op.add_column("team", sa.Column("mirror_link", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table, found in FOUND.items():
        op.add_column(table, sa.Column("template_id", sa.Integer(), nullable=True))
        op.execute(found)


def downgrade() -> None:
    for table in FOUND:
        op.drop_column(table, "template_id")
    op.drop_column("team", "mirror_link")
