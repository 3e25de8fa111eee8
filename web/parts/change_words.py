"""What a change of a running campaign means, in sentences."""

from __future__ import annotations

from sales_campaigns.enrollments.changes.effects import Effect
from web.filters import count_words


def effect_words(effect: Effect) -> str:
    """Affects 65 people: 12 move, 3 newly skipped."""
    if not effect.people:
        return "Nobody is under way."
    people = count_words(effect.people, "person", "people")
    return f"Affects {people}: {effect.move:,} move, {effect.skip:,} newly skipped."


def effect_sentences(effect: Effect) -> list[str]:
    """The same, and after it whatever happens to somebody."""
    said = [
        (effect.earlier, "Earlier than before"),
        (effect.later, "Later than before"),
        (effect.skip, "Newly skipped, a step that was ahead"),
        (effect.more, "A step more"),
        (effect.finish, "No step left, so it finishes"),
    ]
    lines = [f"{words}: {count_words(number, 'person', 'people')}." for number, words in said if number]
    if effect.keep:
        lines.append(f"Edited by a rep, so the text stays: {count_words(effect.keep, 'scheduled mail')}.")
    return [effect_words(effect), *lines]
