"""Pages before a delivery leaves: the mail as anybody gets it, proofs with their state, test profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import prepared
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
ME = {"name": "My own inbox", "email": "look@north.example"}


@pytest.fixture
def number(work: Work, cast: Cast) -> int:
    with work() as uow:
        a_person(uow, cast.ana)
        a_person(uow, cast.ana, "noah@example.com", first_name="Noah", last_name="<b>")
    return prepared(work, cast.cleo)


def person(work: Work, email: str) -> int:
    with work() as uow:
        return uow.session.scalars(sa.select(Person.id).where(Person.email == email)).one()


def test_the_preview_goes_to_the_next_recipient_and_finds_any(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    cleo, noah = browse(cast.cleo), person(work, "noah@example.com")
    shown = cleo.get(f"/deliveries/{number}/preview").text
    assert "Maria Santos" in shown and f"person={noah}" in shown and "Longest name" in shown
    found = cleo.get(f"/deliveries/{number}/preview?words=noah").text
    assert f'<a href="/deliveries/{number}/preview?person={noah}">Noah &lt;b&gt;</a>' in found
    assert "No recipient matches" in cleo.get(f"/deliveries/{number}/preview?words=zzz").text


def test_the_preview_stays_as_wide_as_a_phone_from_one_to_the_next(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    """The rule: rendering at phone width."""
    cleo, noah = browse(cast.cleo), person(work, "noah@example.com")
    page = cleo.get(f"/deliveries/{number}/preview?width=phone").text
    assert 'class="mail-frame phone"' in page and f"?person={noah}&amp;variant=A&amp;width=phone" in page
    assert 'class="mail-frame"' in cleo.get(f"/deliveries/{number}/preview?width=12").text


def test_the_frame_loads_and_runs_nothing(work: Work, cast: Cast, browse: Browse, number: int) -> None:
    answer = browse(cast.cleo).get(
        f"/deliveries/{number}/preview/mail?person={person(work, 'noah@example.com')}"
    )
    assert "Hello Noah" in answer.text and "unsubscribe" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy


def test_nobody_outside_the_audience_is_shown(work: Work, cast: Cast, browse: Browse, number: int) -> None:
    with work() as uow:
        stranger = a_person(uow, cast.dirk, "far@example.com").id
    for page in ("preview", "preview/mail"):
        assert browse(cast.cleo).get(f"/deliveries/{number}/{page}?person={stranger}").status_code == 404


def test_a_proof_of_the_mail_looked_at_goes_to_a_profile_and_is_listed(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    cleo, noah = browse(cast.cleo), person(work, "noah@example.com")
    assert cleo.post("/test-profiles", ME).status_code == 303
    with work() as uow:
        profile = uow.session.scalars(sa.select(TestProfile.id)).one()
    assert "As Noah" in cleo.get(f"/deliveries/{number}/proofs?as={noah}").text
    typed = {"profiles": profile, "addresses": "two@example.net", "as": noah}
    assert cleo.post(f"/deliveries/{number}/proofs", typed).status_code == 303
    with work() as uow:
        rows = uow.session.execute(sa.select(Message.email, Message.person_id, Message.proof_number))
        assert {tuple(row) for row in rows} == {
            ("two@example.net", noah, 1),
            ("look@north.example", noah, 1),
        }
    listed = cleo.get(f"/deliveries/{number}/proofs").text
    assert "Proof 1" in listed and "two@example.net" in listed and "look@north.example" in listed


def test_bad_input_of_a_proof_keeps_what_was_chosen(
    work: Work, cast: Cast, browse: Browse, number: int
) -> None:
    cleo, noah = browse(cast.cleo), person(work, "noah@example.com")
    cleo.post("/test-profiles", ME)
    with work() as uow:
        profile = uow.session.scalars(sa.select(TestProfile.id)).one()
    typed = {"profiles": profile, "addresses": "nonsense", "as": noah}
    answer = cleo.post(f"/deliveries/{number}/proofs", typed)
    assert answer.status_code == 422
    assert "nonsense" in answer.text and "As Noah" in answer.text
    assert f'value="{profile}" checked' in answer.text


def test_profiles_are_added_changed_and_deleted_with_a_way_back(
    work: Work, cast: Cast, browse: Browse
) -> None:
    cleo = browse(cast.cleo)
    cleo.post("/test-profiles", {**ME, "seed": "1"})
    assert "every delivery" in cleo.get("/test-profiles").text
    with work() as uow:
        profile = uow.session.scalars(sa.select(TestProfile.id)).one()
    assert 'value="look@north.example"' in cleo.get(f"/test-profiles/{profile}").text
    cleo.post(f"/test-profiles/{profile}", {**ME, "name": "Inbox"})
    cleo.post(f"/test-profiles/{profile}/delete")
    page = cleo.get("/test-profiles").text
    assert "gets no more proofs" in page and "Undo" in page
    cleo.post("/test-profiles?name=Inbox&email=look%40north.example&stands_in=")
    with work() as uow:
        assert uow.session.scalars(sa.select(TestProfile.name)).all() == ["Inbox"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({**ME, "email": "nonsense"}, "is not an e-mail address"),
        ({**ME, "stands_in": "who@example.com"}, "Nobody of your team has the address"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_beside_its_field(
    cast: Cast, browse: Browse, typed: dict[str, Any], words: str
) -> None:
    answer = browse(cast.cleo).post("/test-profiles", typed)
    assert answer.status_code == 422 and words in answer.text
    assert all(f'value="{one}"' in answer.text for one in typed.values())


def test_a_longer_audience_takes_no_more_queries(
    work: Work, cast: Cast, browse: Browse, number: int, queries: Callable[[], Any]
) -> None:
    cleo, counts = browse(cast.cleo), []
    for letter in "xy":
        with queries() as seen:
            cleo.get(f"/deliveries/{number}/preview?words=a")
        counts.append(len(seen))
        with work() as uow:
            for place in range(8):
                a_person(uow, cast.ana, f"{letter}{place}@example.com")
    assert counts[0] == counts[1]
