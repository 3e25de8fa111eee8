"""What a server's answer means: the first rule that fits says type and reason. Pure; the rules are given.

The rule: “a bounce-qualification table maps text and codes to type and reason, is editable, and unknown texts queue
as *to qualify*.”
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.outcomes import FailureType

LONGEST = 300
_VARYING = (
    (re.compile(r"<?[^\s<>()]+@[^\s<>()]+>?"), "#address#"),
    (re.compile(r"https?://\S+"), "#link#"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]*:[0-9a-f:]+:[0-9a-f]+\b", re.IGNORECASE), "#ip#"),
    (re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{8,}(?:\.[\w-]+)*", re.IGNORECASE), "#id#"),
    (re.compile(r"(?<![\d.])\d{4,}(?![\d.])"), "#number#"),
)


@dataclass(frozen=True, slots=True)
class BounceRule:
    """`text` is looked for in the answer, whatever the case, `*` for anything; several stand on lines of their own.
    `codes`: an SMTP code or the beginning of an enhanced one, separated by spaces. What is empty fits everything.
    """

    text: str
    codes: str
    failure: FailureType
    reason: Reason

    def fits(self, answer: Answered) -> bool:
        return self._fits_codes(answer) and self._fits_text(answer.words)

    def _fits_codes(self, answer: Answered) -> bool:
        wanted = self.codes.split()
        return not wanted or any(_has_code(one, answer) for one in wanted)

    def _fits_text(self, words: str) -> bool:
        wanted = [line.strip() for line in self.text.splitlines() if line.strip()]
        return not wanted or any(_pattern(one).search(words) for one in wanted)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server said: `code` of SMTP, `enhanced` of RFC 3463 or "", and its own words."""

    code: int | None = None
    enhanced: str = ""
    words: str = ""

    @property
    def for_now(self) -> bool:
        """A server that says *for now* is believed."""
        return self.enhanced.startswith("4.") or (
            not self.enhanced and self.code is not None and self.code < 500
        )


@dataclass(frozen=True, slots=True)
class Qualified:
    """`known` is False where no rule fitted: then it is soft, because no address is given up on a guess."""

    failure: FailureType
    reason: Reason
    known: bool = True

    @property
    def for_good(self) -> bool:
        return self.failure is FailureType.HARD


UNKNOWN = Qualified(FailureType.SOFT, Reason.NOT_DEFINED, known=False)


def qualify(rules: Sequence[BounceRule], answer: Answered) -> Qualified:
    """The first rule that fits; hard only where the server does not say that it is for now."""
    rule = next((one for one in rules if one.fits(answer)), None)
    if rule is None:
        return UNKNOWN
    failure = FailureType.SOFT if answer.for_now and rule.failure is FailureType.HARD else rule.failure
    return Qualified(failure, rule.reason)


def normalised(words: str) -> str:
    """The text without what differs from mail to mail, so that a family of answers is one line of the queue."""
    text = " ".join(words.split())
    for pattern, stands_for in _VARYING:
        text = pattern.sub(stands_for, text)
    return text[:LONGEST].strip()


def _has_code(wanted: str, answer: Answered) -> bool:
    if "." in wanted:
        return answer.enhanced == wanted or answer.enhanced.startswith(f"{wanted.rstrip('.')}.")
    return not answer.enhanced and str(answer.code or "") == wanted


def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in written.split("*")), re.IGNORECASE | re.DOTALL)
