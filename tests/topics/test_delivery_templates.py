"""Delivery templates: made, used, edited; what was made from one keeps its own copy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.inputs import Settings, StartBy
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.deliveries.templates import (
    delete_delivery_template,
    delivery_template_of,
    delivery_templates_of,
    save_delivery_template,
    settings_in,
    template_from,
)
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from tests.builders import a_delivery
from tests.cast import Cast
from tests.conftest import Work

LETTERS = Settings(
    validity_hours=48,
    start_by=StartBy.NO_WARNING,
    waves=equal_waves(50, timedelta(hours=4)),
    opens=False,
    typology="Newsletters",
)


def test_what_is_made_from_it_has_its_settings_and_keeps_them(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = save_delivery_template(uow, cast.cleo, "Letters", LETTERS)
        delivery = a_delivery(uow, cast.cleo, settings=settings_in(template, cast.cleo))
        save_delivery_template(uow, cast.cleo, "Letters", Settings(validity_hours=12), template.id)
        assert settings_of(setup_of(uow.session, delivery)) == LETTERS
        assert settings_in(template, cast.cleo) == Settings(validity_hours=12)


def test_the_settings_of_a_delivery_become_one_under_its_name(work: Work, cast: Cast) -> None:
    with work() as uow:
        delivery = a_delivery(uow, cast.cleo, settings=LETTERS, name="Autumn")
        assert [template_from(uow, cast.cleo, delivery.id).name for _ in range(3)] == [
            "Autumn",
            "Autumn 2",
            "Autumn 3",
        ]
        assert settings_in(delivery_templates_of(uow.session, cast.cleo)[0], cast.cleo) == LETTERS


def test_who_starts_it_is_an_act_of_start_deliveries(work: Work, cast: Cast) -> None:
    """Somebody who may only prepare begins with a person as the one who starts it."""
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        template = save_delivery_template(uow, cast.cleo, "Letters", LETTERS)
        assert settings_in(template, ben).start_by is StartBy.PERSON
        with pytest.raises(NotAllowed):
            save_delivery_template(uow, ben, "Mine", LETTERS)
        with pytest.raises(NotAllowed):
            save_delivery_template(uow, ben, "Letters", Settings(), template.id)
        assert save_delivery_template(uow, ben, "Mine", Settings()).name == "Mine"


@pytest.mark.parametrize(
    ("name", "settings", "field"),
    [
        ("", Settings(), "name"),
        ("Known", Settings(), "name"),
        ("New", Settings(validity_hours=0), "validity_hours"),
        ("New", Settings(validity_hours=2, waves=LETTERS.waves), "waves"),
        ("New", Settings(utm="nonsense"), "utm"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    work: Work, cast: Cast, name: str, settings: Settings, field: str
) -> None:
    with work() as uow:
        save_delivery_template(uow, cast.cleo, "Known", Settings())
        with pytest.raises(Invalid) as refusal:
            save_delivery_template(uow, cast.cleo, name, settings)
        assert set(refusal.value.problems) == {field}


def test_it_is_of_its_team_and_can_be_deleted(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = save_delivery_template(uow, cast.cleo, "Letters", LETTERS)
        with pytest.raises(NotFound):
            delivery_template_of(uow.session, cast.dirk, template.id)
        assert delete_delivery_template(uow, cast.cleo, template.id) == "Letters"
        assert delivery_templates_of(uow.session, cast.cleo) == []
