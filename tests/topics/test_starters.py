"""Starter campaigns: each is a draft that can be launched as it is."""

from __future__ import annotations

import pytest

from sales_campaigns.campaigns.starters import STARTERS, start_from
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.mark.parametrize("key", STARTERS)
def test_a_campaign_begins_with_the_steps_of_a_starter(work: Work, cast: Cast, key: str) -> None:
    with work() as uow:
        campaign = start_from(uow, cast.ana, key, "Ours", "Own")
        assert (campaign.name, campaign.category, campaign.state) == ("Ours", "Own", "draft")
        assert len(newest(uow.session, campaign).steps) >= 4
        assert launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id])).started == 1
        with pytest.raises(Invalid):
            start_from(uow, cast.ana, key, "Ours")
