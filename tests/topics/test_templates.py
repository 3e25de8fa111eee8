"""Templates: versions, words that are stored once, and refusals beside the place where they belong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.content import templates as writing
from sales_campaigns.content.models import TemplateVersion, Wording
from sales_campaigns.content.template_list import categories_of, template_of, templates_of, versions_of
from sales_campaigns.content.templates import TemplateDraft
from sales_campaigns.content.wordings import content_of, wording_of
from sales_campaigns.errors import Invalid, NotFound
from tests.cast import Cast
from tests.conftest import Work

QUESTION = TemplateDraft(
    name="First question",
    subject="Quick question, {{ first_name | default: 'there' }}",
    html="<p>How does {{ company }} plan its routes?</p>",
    category="Outbound",
)


def test_it_stores_the_same_words_once(work: Work) -> None:
    with work() as uow:
        first = wording_of(uow.session, "Hi", "<p>a</p>")
        assert wording_of(uow.session, "Hi", "<p>a</p>").id == first.id
        assert wording_of(uow.session, "Hi", "", "<p>a</p>").id != first.id
        assert content_of(first).html == "<p>a</p>"
        assert content_of(None).html == ""


def test_it_creates_a_template_with_its_first_version(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        assert template.version == 1
        assert [line.number for line in versions_of(uow.session, template)] == [1]
        assert uow.session.scalars(sa.select(Activity.kind)).all() == ["template.created"]


def test_it_says_everything_that_is_wrong_at_once_with_its_place(work: Work, cast: Cast) -> None:
    bad = TemplateDraft(name=" ", subject="{{ first_name | shout }}", html="<p>\n{% if company %}")
    with work() as uow, pytest.raises(Invalid) as refused:
        writing.create_template(uow, cast.ana, bad)
    assert refused.value.problems.keys() == {"name", "subject", "html"}
    assert "line 1, column" in refused.value.problems["subject"]


def test_it_refuses_a_second_template_of_the_same_name_in_the_team_only(work: Work, cast: Cast) -> None:
    with work() as uow:
        writing.create_template(uow, cast.ana, QUESTION)
        with pytest.raises(Invalid, match="has this name"):
            writing.create_template(uow, cast.ben, QUESTION)
        assert writing.create_template(uow, cast.dirk, QUESTION).team_id == cast.dirk.team_id


def test_it_makes_a_version_when_the_words_change_and_none_when_only_the_name_does(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        writing.edit_template(uow, cast.ana, template.id, replace(QUESTION, name="Opening"))
        assert (template.name, template.version) == ("Opening", 1)
        writing.edit_template(uow, cast.ben, template.id, replace(QUESTION, name="Opening", subject="Routes"))
        assert template.version == 2
        lines = versions_of(uow.session, template)
        assert [(line.number, line.author, line.subject) for line in lines] == [
            (2, "Ben Okafor", "Routes"),
            (1, "Ana Lind", QUESTION.subject),
        ]


def test_it_brings_an_old_version_back_as_a_new_one(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        writing.edit_template(uow, cast.ana, template.id, replace(QUESTION, subject="Routes"))
        writing.bring_back_version(uow, cast.ana, template.id, 1)
        assert template.version == 3
        assert content_of(uow.session.get(Wording, template.wording_id)).subject == QUESTION.subject
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Wording)) == 2


def test_it_has_no_version_that_was_never_written(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        with pytest.raises(NotFound):
            writing.bring_back_version(uow, cast.ana, template.id, 7)


def test_it_hides_other_teams_and_private_templates(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, replace(QUESTION, shared=False))
        for stranger in (cast.ben, cast.dirk):
            with pytest.raises(NotFound):
                template_of(uow.session, stranger, template.id)
            assert templates_of(uow.session, stranger) == []
        assert template_of(uow.session, cast.cleo, template.id) is template


def test_it_finds_templates_by_words_and_category(work: Work, cast: Cast) -> None:
    with work() as uow:
        writing.create_template(uow, cast.ana, QUESTION)
        writing.create_template(uow, cast.ana, replace(QUESTION, name="100% off_er", category="Renewals"))
        assert [line.name for line in templates_of(uow.session, cast.ben, search="outB quick")] == [
            "First question"
        ]
        assert [line.name for line in templates_of(uow.session, cast.ben, search="%")] == ["100% off_er"]
        assert [line.name for line in templates_of(uow.session, cast.ben, category="Renewals")] == [
            "100% off_er"
        ]
        assert categories_of(uow.session, cast.ben) == ["Outbound", "Renewals"]


def test_it_takes_an_archived_template_off_the_list_until_it_is_restored(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        writing.archive_template(uow, cast.ana, template.id)
        assert templates_of(uow.session, cast.ana) == []
        assert [line.archived for line in templates_of(uow.session, cast.ana, archived=True)] == [True]
        writing.restore_template(uow, cast.ana, template.id)
        assert [line.id for line in templates_of(uow.session, cast.ana)] == [template.id]


def test_it_copies_under_a_name_that_is_free(work: Work, cast: Cast) -> None:
    with work() as uow:
        template = writing.create_template(uow, cast.ana, QUESTION)
        names = [writing.copy_template(uow, cast.ben, template.id).name for _ in range(2)]
        assert names == ["First question copy", "First question copy 2"]
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(TemplateVersion)) == 3
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(Wording)) == 1
