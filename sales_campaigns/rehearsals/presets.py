"""Scripts to choose from on the page. Each can be read as a file, changed, and given to the command line."""

from __future__ import annotations

from dataclasses import dataclass

from sales_campaigns.rehearsals.script import Part, read_script


@dataclass(frozen=True, slots=True)
class Preset:
    """`words` and `small` for the screen; `source` is the script, "" for nobody who answers."""

    words: str
    small: str
    source: str = ""

    @property
    def script(self) -> tuple[Part, ...]:
        return read_script(self.source) if self.source else ()


REPLIES = """\
format: sales-rehearsal/1
recipients:
  - who: "*"
    share: 1/3
    mail: 1
    does:
      - open after 2h
      - reply after 1d Thank you. Can we talk next week?
  - who: "*"
    does:
      - open after 5h
"""
OUT_OF_OFFICE = """\
format: sales-rehearsal/1
recipients:
  - who: "*"
    share: 1/2
    mail: 1
    does:
      - out_of_office for 10d
"""
BOUNCES = """\
format: sales-rehearsal/1
recipients:
  - who: "*"
    share: 1/10
    mail: 1
    does:
      - hard after 5m
  - who: "*"
    share: 1/5
    mail: 1
    does:
      - soft then fine
  - who: "*"
    share: 1/7
    mail: 2
    does:
      - complaint after 1h
"""
PRESETS = {
    "silent": Preset(
        "Everybody is silent", "Nobody answers: what happens is what was simulated, to the second."
    ),
    "replies": Preset("A third replies", "Every third person answers the first mail a day later.", REPLIES),
    "away": Preset(
        "Many are out of office",
        "Every second mailbox answers by itself that its owner is away for ten days.",
        OUT_OF_OFFICE,
    ),
    "bounces": Preset(
        "Mail bounces",
        "One in ten has no such address, one in five is refused for now, one in seven calls it spam.",
        BOUNCES,
    ),
}
