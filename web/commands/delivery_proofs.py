"""flask delivery proof, flask delivery compute: looked at before it leaves, and counted again."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.proofing.profiles import profiles_of
from sales_campaigns.deliveries.proofs import send_proofs
from sales_campaigns.errors import Invalid
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.delivery import whose
from web.commands.running import command_work, json_option, out


@click.command("proof")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@click.option("--to", "addresses", multiple=True, help="An address; may be given several times.")
@click.option("--profile", "names", multiple=True, help="A test profile of the team, by name or address.")
@click.option("--variant", "letters", multiple=True, help="Of an A/B test; every one when left out.")
@json_option
def proof(
    delivery_id: int,
    email: str,
    addresses: tuple[str, ...],
    names: tuple[str, ...],
    letters: tuple[str, ...],
    as_json: bool,
) -> None:
    """Send the mail to other addresses than its recipients', outside all figures."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        profiles = [_profile(uow, actor, name) for name in names]
        number = send_proofs(
            uow, actor, delivery_id, " ".join(addresses), profiles=profiles, variants=letters
        )
    out({"proofs": number}, as_json, f"Proofs on their way: {number}.")


def _profile(uow: UnitOfWork, actor: User, name: str) -> int:
    known = {one.id for one, _ in profiles_of(uow.session, actor) if name in {one.name, one.email}}
    if len(known) != 1:
        raise Invalid({"profile": f"There is no test profile “{name}”, or more than one."})
    return known.pop()


@click.command("compute")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@json_option
def compute(delivery_id: int, email: str, as_json: bool) -> None:
    """Build every figure from the rows again; it changes nothing when all is well."""
    with command_work() as uow:
        changed = compute_stats(uow, user_by_email(uow, email), delivery_id)
    out({"changed": changed}, as_json, "\n".join(changed) or "Nothing changed.")
