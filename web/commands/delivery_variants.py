"""flask delivery: A/B tests. Try variants on a part of the people, and send the rest the winner."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.deliveries.ab_tests import choosing, varying
from sales_campaigns.deliveries.ab_tests.varying import VariantWords
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.variants.figures import rest_of, variant_figures
from sales_campaigns.deliveries.variants.plan import LETTERS, Chooser, Measure, Plan
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.errors import NotFound
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.delivery import A_FILE, whose
from web.commands.running import command_work, json_option, out


@click.command("ab-test")
@with_appcontext
@click.argument("delivery_id", type=int)
@whose
@click.option("--subject-b", default="", help="What variant B says; A is the delivery itself.")
@click.option("--html-b", type=A_FILE, help="File with another text; that of A when left out.")
@click.option("--subject-c", default="", help="The same of a third variant.")
@click.option("--html-c", type=A_FILE)
@click.option("--share", default=20, show_default=True, help="Percent who try the variants.")
@click.option("--by", type=click.Choice([one.value for one in Measure]), default=Measure.OPENED.value)
@click.option("--hours", default=24, show_default=True, help="From when the last of their mails has left.")
@click.option("--floor", default=0, help="Sooner, once so many did with one variant.")
@click.option("--choose", type=click.Choice([one.value for one in Chooser]), default=Chooser.PERSON.value)
@click.option("--off", is_flag=True, help="Everybody gets the same words again.")
@json_option
def ab_test(delivery_id: int, email: str, as_json: bool, off: bool, **typed: Any) -> None:
    """Set up the A/B test of a single delivery, or take it off; without a subject, show how it does."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        if off:
            varying.drop_test(uow, actor, delivery_id)
        elif variants := _variants(typed):
            varying.set_test(uow, actor, delivery_id, _plan(typed), variants)
    tell_test(email, delivery_id, as_json, dropped=off)


@click.command("choose-winner")
@with_appcontext
@click.argument("delivery_id", type=int)
@click.argument("letter", type=click.Choice(LETTERS))
@whose
@json_option
def choose_winner(delivery_id: int, letter: str, email: str, as_json: bool) -> None:
    """Send this variant to everybody who waits for the winner."""
    with command_work() as uow:
        rest = choosing.choose_winner(uow, user_by_email(uow, email), delivery_id, letter)
    out({"winner": letter, "people": rest}, as_json, f"Variant {letter} goes to {rest:,} more people.")


def tell_test(email: str, delivery_id: int, as_json: bool, *, dropped: bool = False) -> None:
    with command_work() as uow:
        delivery = delivery_of(uow.session, user_by_email(uow, email), delivery_id)
        data = None if dropped else _whole(uow, delivery.id)
    if data is None:
        out({"state": None}, as_json, "Everybody gets the same words.")
        return
    lines = [
        f"{letter}: {one['people']} people, {one['delivered']} delivered, {one['opened']} opened,"
        f" {one['clicked']} clicked, {one['replied']} replied"
        for letter, one in data["variants"].items()
    ]
    head = f"The test is {data['state']}; {data['rest']:,} wait for the winner. {data['words']}".rstrip()
    out(data, as_json, "\n".join([head, *lines]))


def _whole(uow: UnitOfWork, delivery_id: int) -> dict[str, Any]:
    test = ab_test_of(uow.session, delivery_id)
    if test is None:
        raise NotFound("This delivery has no A/B test.")
    figures = variant_figures(uow.session, test)
    return {
        "state": test.state.value,
        "winner": test.winner,
        "words": test.words,
        "rest": rest_of(uow.session, delivery_id),
        "variants": {letter: asdict(one) for letter, one in figures.items()},
    }


def _variants(typed: dict[str, Any]) -> dict[str, VariantWords]:
    return {
        letter.upper(): VariantWords(typed[f"subject_{letter}"], _read(typed[f"html_{letter}"]))
        for letter in "bc"
        if typed[f"subject_{letter}"]
    }


def _read(file: Path | None) -> str | None:
    return file.read_text(encoding="utf-8") if file else None


def _plan(typed: dict[str, Any]) -> Plan:
    measure, chooser = Measure(typed["by"]), Chooser(typed["choose"])
    return Plan(typed["share"], measure, typed["hours"], typed["floor"], chooser)
