"""What is to be rehearsed: a campaign for some people, from an instant on, in a world of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_campaigns.campaigns.audience import Person
from sales_campaigns.campaigns.simulating import Wish
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
class Rehearsal:
    """`wish` as for a simulation, for these people; `script` is what their mailboxes and they themselves do."""

    wish: Wish
    people: Sequence[Person]
    script: Sequence[Part] = ()
    sender: Sender = field(default_factory=Sender)


# Rehearses from beginning to end and gives what simulate prints, with `messages` and what came back.
Rehearse = Callable[[Rehearsal, Progress], dict[str, Any]]
