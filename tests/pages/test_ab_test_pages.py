"""The A/B test of a delivery on pages, in the API and on the command line: set up, followed, chosen, refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.ab_tests.varying import VariantWords, set_test
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.variants.models import AbTest, DeliveryVariant
from sales_campaigns.deliveries.variants.plan import Chooser, Plan
from sales_campaigns.messages.models import Message
from sales_campaigns.settings import Settings
from sales_campaigns.tracking.models import EventKind
from tests.builders import a_delivery
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import finish_preparing, let_jobs_run
from tests.engagement import did
from tests.pages.conftest import Browser
from tests.pages.test_delivery_command import CLEO, run, said

Browse = Callable[[User], Browser]
PLAN = {"share": "50", "hours": "24", "measure": "opened", "floor": "", "chooser": "best"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    key = "only for the tests, and long enough"
    return Settings(secret_key=key, data_dir=tmp_path, public_url="https://mail.example.org")


@pytest.fixture
def number(work: Work, cast: Cast) -> int:
    """Of Cleo's, to ten people, in editing."""
    with work() as uow:
        for n in range(10):
            a_person(uow, cast.ana, f"p{n}@example.com")
        return a_delivery(uow, cast.cleo).id


@pytest.fixture
def begun(work: Work, cast: Cast, number: int) -> int:
    """Four try the variants, six wait for the winner; nobody has looked at it."""
    with work() as uow:
        set_test(uow, cast.cleo, number, Plan(share=40), {"B": VariantWords("Half price")})
        prepare(uow, cast.cleo, number)
    finish_preparing(work, number)
    with work() as uow:
        confirm(uow, cast.cleo, number, reachable=True)
    let_jobs_run(work)
    return number


def variants(work: Work) -> list[tuple[str, bool]]:
    with work() as uow:
        rows = uow.session.scalars(sa.select(DeliveryVariant).order_by(DeliveryVariant.key))
        return [(row.key, row.own_text) for row in rows]


def test_from_the_same_words_for_everybody_to_a_test(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    cleo, here = browse(cast.cleo), f"/deliveries/{number}/ab-test"
    assert "The same words for everybody" in cleo.get(here).text
    assert cleo.post(f"{here}/variants").headers["Location"] == f"{here}/variants/B"
    words = cleo.get(f"{here}/variants/B").text
    assert "A says: New prices, {{ first_name }}" in words and "Attach files" not in words
    cleo.post(f"{here}/variants/B", {"subject": "Half price", "html": "<p>Hello {{ first_name }}</p>"})
    assert variants(work) == [("B", False)]
    cleo.post(f"{here}/variants")
    cleo.post(f"{here}/variants/C", {"subject": "Free", "html": "<p>Mine</p>", "own_text": "1"})
    assert variants(work) == [("B", False), ("C", True)]
    shown = cleo.get(here).text
    assert "Add variant" not in shown and "Its own" in shown and "As A" in shown
    assert cleo.post(here, PLAN).status_code == 303
    with work() as uow:
        test = uow.session.scalars(sa.select(AbTest)).one()
        assert (test.share, test.chooser) == (50, Chooser.BEST)
    dashboard = cleo.get(f"/deliveries/{number}").text
    assert "50 % try the variants for 24 hours, judged by opens." in dashboard
    assert "Take variant C off?" in cleo.get(f"{here}/variants/C/ask?do=remove").text
    for letter in "CB":
        cleo.post(f"{here}/variants/{letter}/remove")
    assert "The same words for everybody" in cleo.get(here).text


WRONG = [
    ({"share": "0"}, "share", "Between 1 and 90 percent"),
    ({"share": "many"}, "share", "Between 1 and 90 percent"),
    ({"hours": "120"}, "hours", "valid for 120 hours"),
    ({"floor": "-3"}, "floor", "Write a number of people"),
]


@pytest.mark.parametrize(("wrong", "field", "words"), WRONG)
def test_a_wrong_plan_is_refused_beside_its_field_and_nothing_typed_is_lost(
    work: Work, cast: Cast, browse: Browse, number: int, wrong: dict[str, str], field: str, words: str
) -> None:
    with work() as uow:
        set_test(uow, cast.cleo, number, Plan(), {"B": VariantWords("Half price")})
    answer = browse(cast.cleo).post(f"/deliveries/{number}/ab-test", {**PLAN, "share": "33", **wrong})
    assert answer.status_code == 422
    assert words in answer.text and f'id="f-{field}-error"' in answer.text
    assert f'value="{wrong.get("share", "33")}"' in answer.text
    with work() as uow:
        assert uow.session.scalars(sa.select(AbTest.share)).one() == 20


def test_words_that_cannot_be_sent_or_would_be_lost_stay_typed(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    with work() as uow:
        set_test(uow, cast.cleo, number, Plan(), {"B": VariantWords("Half price")})
    cleo, here = browse(cast.cleo), f"/deliveries/{number}/ab-test/variants/B"
    refused = cleo.post(here, {"subject": "", "html": "<p>{% if %}</p>", "own_text": "1"})
    assert refused.status_code == 422 and "{% if %}" in refused.text and "line 1" in refused.text
    lost = cleo.post(here, {"subject": "Fine", "html": "<p>A text of my own</p>"})
    assert lost.status_code == 422 and "A text of my own" in lost.text
    assert 'id="f-own_text-error"' in lost.text
    assert variants(work) == [("B", False)]


def test_the_dashboard_shows_each_variant_and_the_choice_carries_the_number(
    work: Work, cast: Cast, browse: Browse, begun: int
) -> None:
    with work() as uow:
        for mail in uow.session.scalars(sa.select(Message).order_by(Message.id)):
            mail.state, mail.sent_at = "sent", uow.now  # type: ignore[assignment]
        of_b = uow.session.scalars(sa.select(Message).where(Message.variant == "B").order_by(Message.id))
        did(uow, of_b.first() or Message(), EventKind.OPEN)
    cleo = browse(cast.cleo)
    for page in (f"/deliveries/{begun}", f"/deliveries/{begun}/ab-test"):
        shown = cleo.get(page).text
        assert "6 people wait for the winner" in shown and "Send B to 6 people" in shown
        assert "Opens (judged)" in shown and "50.0 %" in shown and "leads" in shown
    assert "OK, send B to 6 people" in cleo.get(f"/deliveries/{begun}/ab-test/variants/B/ask").text
    assert "variant B" in cleo.get(f"/deliveries/{begun}/log").text
    assert cleo.get(f"/deliveries/{begun}/log.csv").text.splitlines()[0].endswith("Variant")
    sent = cleo.post(f"/deliveries/{begun}/ab-test/variants/B/choose")
    assert sent.headers["Location"] == f"/deliveries/{begun}"
    shown = cleo.get(f"/deliveries/{begun}").text
    assert "Cleo Martin chose variant B" in shown and "winner" in shown and "Send B to" not in shown


def test_who_may_only_prepare_is_told_who_can(work: Work, cast: Cast, browse: Browse, begun: int) -> None:
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
    shown = browse(ben).get(f"/deliveries/{begun}").text
    assert "Choosing the winner sends mail" in shown and "Cleo Martin" in shown
    assert "Send B to" not in shown
    assert browse(ben).post(f"/deliveries/{begun}/ab-test/variants/B/choose").status_code == 403
    assert browse(cast.dirk).get(f"/deliveries/{begun}/ab-test").status_code == 404


def test_preview_and_proof_of_each_variant(work: Work, cast: Cast, browse: Browse, begun: int) -> None:
    cleo = browse(cast.cleo)
    with work() as uow:
        person = uow.session.scalars(sa.select(Message.person_id).order_by(Message.id)).first()
    frame = f"/deliveries/{begun}/preview/mail?person={person}"
    assert "New prices" in cleo.get(f"{frame}&variant=A").text
    assert "Half price" in cleo.get(f"{frame}&variant=B").text
    assert "variant=B" in cleo.get(f"/deliveries/{begun}/preview?variant=B").text
    assert "Every variant, a proof each" in cleo.get(f"/deliveries/{begun}/proofs").text
    cleo.post(f"/deliveries/{begun}/proofs", {"addresses": "me@north.example", "variant": "B"})
    assert "Proof 1, variant B" in cleo.get(f"/deliveries/{begun}/proofs").text


def test_on_the_command_line(app: Flask, work: Work, number: int, tmp_path: Path) -> None:
    words = tmp_path / "c.html"
    words.write_text("<p>Bonjour</p>", encoding="utf-8")
    ask = ("ab-test", number, *CLEO)
    assert "no A/B test" in run(app, *ask).output
    more = ("--subject-b", "Half price", "--subject-c", "Free", "--html-c", words, "--share", "40")
    planned = said(run(app, *ask, *more, "--by", "clicked", "--choose", "sure", "--json"))
    assert (planned["state"], planned["rest"]) == ("planned", 0)
    assert variants(work) == [("B", False), ("C", True)]
    refused = run(app, *ask, "--subject-b", "One\r\nBcc: all@example.com", "--share", "95")
    assert refused.exit_code and "percent" in refused.output and "one line" in refused.output
    said(run(app, "prepare", number, "--wait", *CLEO, "--json"))
    said(run(app, "confirm", number, *CLEO, "--json"))
    let_jobs_run(work)
    assert said(run(app, *ask, "--json"))["variants"]["C"]["people"] == 1
    assert said(run(app, "choose-winner", number, "C", *CLEO, "--json")) == {"winner": "C", "people": 6}
    assert "decided" in run(app, *ask).output


def test_it_is_taken_off_on_the_command_line(app: Flask, work: Work, number: int) -> None:
    said(run(app, "ab-test", number, *CLEO, "--subject-b", "Half price", "--json"))
    assert "same words" in run(app, "ab-test", number, *CLEO, "--off").output
    assert variants(work) == []


def test_today_says_that_a_winner_is_to_be_chosen(work: Work, cast: Cast, browse: Browse, begun: int) -> None:
    with work() as uow:
        uow.session.execute(sa.update(AbTest).values(state="waiting", words="A tie."))
    shown = browse(cast.cleo).get("/").text
    assert "The A/B test of “Autumn price list” is over: somebody must choose the winner." in shown
    assert "A tie." in browse(cast.cleo).get(f"/deliveries/{begun}").text
