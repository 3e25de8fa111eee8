"""The figures of one step, one variant, one rep or one hour: plain numbers that add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Funnel:
    """People at one step. `failed` are mails that bounced or could not leave, also after they were sent.

    `delivered` are those of the sent that arrived as far as is known. `opened`, `clicked`, `replied` and `opted_out`
    count people; `opens`, `clicks` and `replies` how often they did, `machine_opens` and `machine_clicks` what
    programs did, which counts nowhere else.
    """

    reached: int = 0
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    opted_out: int = 0
    opens: int = 0
    clicks: int = 0
    replies: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0

    def __iadd__(self, other: Funnel) -> Funnel:
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)
        return self


def total(funnels: Iterable[Funnel]) -> Funnel:
    found = Funnel()
    for funnel in funnels:
        found += funnel
    return found
