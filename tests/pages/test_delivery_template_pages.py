"""Pages of delivery templates: written, used for a new delivery, kept from one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.inputs import Settings, settings_from
from sales_campaigns.deliveries.models import DeliveryTemplate
from sales_campaigns.deliveries.typology.keeping import add_rule
from sales_campaigns.deliveries.waves import calendar_waves
from tests.builders import a_delivery
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
TYPED: dict[str, Any] = {
    "name": "Letters",
    "waves": "equal",
    "wave_percent": "50",
    "wave_hours": "6",
    "validity_hours": "48",
    "priority": "low",
    "clicks": "1",
    "typology": "Newsletters",
    "start_by": "no_error",
}


def the_template(work: Work) -> DeliveryTemplate:
    with work() as uow:
        return uow.session.scalars(sa.select(DeliveryTemplate)).one()


def test_it_is_written_and_a_new_delivery_begins_with_it(work: Work, cast: Cast, browse: Browse) -> None:
    cleo = browse(cast.cleo)
    with work() as uow:
        add_rule(uow, cast.cleo, {"kind": "filtering", "name": "R", "words": "x", "typology": "Newsletters"})
    assert cleo.post("/delivery-templates", TYPED).status_code == 303
    form = cleo.get(f"/deliveries/new?settings={the_template(work).id}").text
    for shown in ('value="48"', '<option value="low" selected>', '<option value="Newsletters" selected>'):
        assert shown in form
    assert 'value="no_error" checked' in form and 'value="equal" checked' in form
    assert "Typology: Newsletters" in _words(cleo.get("/delivery-templates").text)


def test_bad_input_is_told_beside_its_field_and_nothing_is_lost(cast: Cast, browse: Browse) -> None:
    answer = browse(cast.cleo).post("/delivery-templates", {**TYPED, "wave_percent": "0", "name": "Kept"})
    assert answer.status_code == 422 and "from 1 to 100 percent" in answer.text
    assert 'value="Kept"' in answer.text and 'value="48"' in answer.text


def test_the_settings_of_a_delivery_are_kept_and_calendar_waves_stay_as_they_are(
    work: Work, cast: Cast, browse: Browse
) -> None:
    waves = calendar_waves([(20, timedelta(0)), (80, timedelta(hours=5))])
    with work() as uow:
        number = a_delivery(uow, cast.cleo, settings=Settings(waves=waves)).id
    cleo = browse(cast.cleo)
    assert cleo.post(f"/deliveries/{number}/settings-as-template").status_code == 303
    kept = the_template(work)
    assert "20 % after 0 h, 80 % after 5 h" in cleo.get(f"/delivery-templates/{kept.id}").text
    cleo.post(f"/delivery-templates/{kept.id}", {**TYPED, "waves": "kept"})
    again = settings_from(the_template(work).settings)
    assert (again.waves, again.validity_hours) == (waves, 48)


def _words(text: str) -> str:
    return " ".join(text.replace('<span class="quiet-text">', "").replace("</span>", "").split())
