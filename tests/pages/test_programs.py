"""API tokens and webhooks on their pages: shown once, said beside the field, taken away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.webhooks.models import Webhook, WebhookCall
from tests.cast import Cast
from tests.conftest import Work
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
TYPED = {"name": "Nightly import", "scope": "write", "days": "90", "areas": ["people"]}


def test_a_token_is_shown_once(browse: Browse, cast: Cast, work: Work) -> None:
    ana = browse(cast.ana)
    made = ana.post("/settings/tokens", TYPED)
    with work() as uow:
        token = uow.session.scalars(sa.select(ApiToken)).one()
    assert (token.name, token.scope.value, token.areas) == ("Nightly import", "write", ["people"])
    assert f"{token.begins}" in made.text
    words = made.text.partition("<code>")[2].partition("</code>")[0]
    assert words.startswith("sc_")
    again = ana.get("/settings/tokens")
    assert "Nightly import" in again.text
    assert words not in again.text


@pytest.mark.parametrize(("field", "value"), [("name", " "), ("scope", "all"), ("days", "7")])
def test_what_is_wrong_stands_beside_the_field(browse: Browse, cast: Cast, field: str, value: str) -> None:
    answer = browse(cast.ana).post("/settings/tokens", {**TYPED, field: value})
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text


def test_only_administrators_make_tokens_that_administer(browse: Browse, cast: Cast) -> None:
    assert browse(cast.ana).post("/settings/tokens", {**TYPED, "scope": "admin"}).status_code == 403
    assert browse(cast.cleo).post("/settings/tokens", {**TYPED, "scope": "admin"}).status_code == 200


def test_a_token_is_revoked_by_its_owner_only(browse: Browse, cast: Cast, work: Work) -> None:
    ana, ben = browse(cast.ana), browse(cast.ben)
    ana.post("/settings/tokens", TYPED)
    with work() as uow:
        token = uow.session.scalars(sa.select(ApiToken)).one()
    assert ben.post(f"/settings/tokens/{token.id}/revoke").status_code == 404
    assert ana.post(f"/settings/tokens/{token.id}/revoke").status_code == 303
    assert "Nightly import" not in ana.get("/settings/tokens").text.partition("Your tokens")[2]


def test_a_webhook_is_added_tested_and_taken_away(browse: Browse, cast: Cast, work: Work) -> None:
    cleo = browse(cast.cleo)
    made = cleo.post("/admin/webhooks", {"url": "https://hooks.example.com/sales", "kinds": ["task."]})
    assert "whsec_" in made.text
    assert "whsec_" not in cleo.get("/admin/webhooks").text
    with work() as uow:
        row = uow.session.scalars(sa.select(Webhook)).one()
        assert "whsec_" not in row.sealed_secret
    cleo.post(f"/admin/webhooks/{row.id}/test")
    assert "webhook.test" in cleo.get(f"/admin/webhooks/{row.id}").text
    cleo.post(f"/admin/webhooks/{row.id}/delete")
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(WebhookCall.id))) == 0


def test_a_page_of_calls_costs_the_same_however_many_there_are(
    browse: Browse, cast: Cast, work: Work, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    cleo = browse(cast.cleo)
    cleo.post("/admin/webhooks", {"url": "https://hooks.example.com/sales"})
    with work() as uow:
        row = uow.session.scalars(sa.select(Webhook)).one()
    counted = []
    for _ in range(2):
        cleo.post(f"/admin/webhooks/{row.id}/test")
        with queries() as seen:
            cleo.get(f"/admin/webhooks/{row.id}")
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_an_address_that_is_none_is_said_beside_the_field(browse: Browse, cast: Cast) -> None:
    answer = browse(cast.cleo).post("/admin/webhooks", {"url": "ftp://example.com"})
    assert answer.status_code == 422
    assert "ftp://example.com" in answer.text
    assert 'id="f-url-error"' in answer.text
