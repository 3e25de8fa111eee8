"""What is to be rehearsed: a campaign for some people, from an instant on, in a world of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_campaigns.campaigns.audience import Person
from sales_campaigns.campaigns.simulating import Wish
from sales_campaigns.content.attachments import Upload
from sales_campaigns.rehearsals.happened import Answer, Ending, Letter
from sales_campaigns.rehearsals.script import Part

# Is told how far it is, from 0 to 100; raises to stop it.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose name stands under the mails. The address is the mailbox of the rehearsal; nothing is sent from it."""

    email: str = "sender@rehearsal.example"
    first_name: str = "Robin"
    last_name: str = "Rehearsal"
    title: str = "Account Executive"
    phone: str = "+1 555 0100"
    signature_html: str = ""


@dataclass(frozen=True, slots=True)
class Play:
    """`wish` as for a simulation, for these people; `script` is what their mailboxes and they themselves do.

    `enclosed`: place of a step → the bundle that goes with its mail, which the campaign file has no words for;
    `bundles` are the files of those, and of the variants' contents.
    """

    wish: Wish
    people: Sequence[Person]
    script: Sequence[Part] = ()
    sender: Sender = field(default_factory=Sender)
    enclosed: Mapping[int, int] = field(default_factory=dict)
    bundles: Mapping[int, Sequence[Upload]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What became of a play: `result` in the shape of a simulation, the mails that left, what came back, and how
    it ended for each person.
    """

    result: dict[str, Any]
    letters: Sequence[Letter]
    answers: Sequence[Answer]
    endings: Mapping[str, Ending]

    def told(self) -> dict[str, Any]:
        """For JSON: the result with `messages`, and `came_back` where anything did."""
        messages = {"messages": [letter.told() for letter in self.letters]}
        answers = {"came_back": [answer.told() for answer in self.answers]} if self.answers else {}
        return {**self.result, **messages, **answers}


# Plays it from beginning to end.
Rehearse = Callable[[Play, Progress], Rehearsed]
