"""Previews: a mail as one person would get it from one sender."""

from __future__ import annotations

import pytest

from sales_campaigns.campaigns.previewing import person_for_preview, preview
from sales_campaigns.content.rendering import Content
from sales_campaigns.errors import NotFound
from tests.cast import Cast, a_person
from tests.conftest import Work

QUESTION = Content(
    "Hello {{ first_name }}", "<p>{{ company }} and {{ my_first_name }}</p><script>no</script>"
)


def test_it_shows_the_mail_as_the_person_would_get_it(work: Work, cast: Cast) -> None:
    with work() as uow:
        shown = preview(QUESTION, a_person(uow, cast.ana, company="A & B"), cast.ana)
    assert shown.subject == "Hello Maria"
    assert shown.html == "<p>A &amp; B and Ana</p>"
    assert "A & B and Ana" in shown.text


def test_it_shows_examples_when_nobody_is_chosen(cast: Cast) -> None:
    assert preview(QUESTION, None, cast.ana).html == "<p>Northwind and Ana</p>"
    assert preview(Content("{{ full_name }}", "<p>Hi</p>"), None, cast.ana).subject == "Maria Lindqvist"


def test_it_says_what_the_person_lacks_and_what_to_do(work: Work, cast: Cast) -> None:
    with work() as uow:
        shown = preview(QUESTION, a_person(uow, cast.ana, company=""), cast.ana)
    assert shown.html == ""
    assert shown.problems == ("Maria Santos has no company: add one, or give {{ company }} a default.",)


def test_it_says_what_is_wrong_with_the_words(cast: Cast) -> None:
    (words,) = preview(Content("{{ oh", "<p>Hi</p>"), None, cast.ana).problems
    assert "line 1" in words


def test_it_finds_the_person_by_address_or_name_in_the_team_only(work: Work, cast: Cast) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com")
        a_person(uow, cast.ana, "jonas@example.com", first_name="Jonas", last_name="Berg")
        assert person_for_preview(uow.session, cast.ben, "santos mar") is maria
        assert person_for_preview(uow.session, cast.ben, "MARIA@example.com") is maria
        assert person_for_preview(uow.session, cast.ben, "  ") is None
        with pytest.raises(NotFound, match="Nobody of your team"):
            person_for_preview(uow.session, cast.dirk, "maria")


def test_it_prefers_the_whole_address_over_a_part_of_one(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, "anna-maria@example.com")
        maria = a_person(uow, cast.ana, "maria@example.com")
        assert person_for_preview(uow.session, cast.ana, "maria@example.com") is maria
