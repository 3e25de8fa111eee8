"""How much may leave a mailbox in a while: token buckets, and what providers allow. Pure; all times are machine time.

The rule: a limit delays and never drops, and it holds whoever sends. A bucket of `burst` tokens that is filled at the
rest of the limit lets no more than the limit through in any window of its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` mails in any `seconds`, `burst` of them at once."""

    name: str
    most: int
    seconds: float
    burst: int

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return max(self.most - self.burst, 1) / self.seconds


@dataclass(frozen=True, slots=True)
class Level:
    """What was in a bucket, and when."""

    tokens: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """`granted` mails may leave now; the next one after them when `again_at` is reached."""

    granted: int
    level: Level
    again_at: datetime


MINUTE, DAY = 60.0, 86_400.0
PROFILES: dict[str, tuple[Limit, ...]] = {
    # A mail takes 130 of 6,000 units a minute: its draft, the sending, the Message-ID. The rest is for reading.
    "gmail": (Limit("minute", 40, MINUTE, 4), Limit("day", 2_000, DAY, 1_000)),
    "outlook": (Limit("minute", 30, MINUTE, 3), Limit("day", 10_000, DAY, 5_000)),
    "smtp": (),
}


def limits_of(provider: str, per_minute: int | None) -> tuple[Limit, ...]:
    """Those of the provider's profile; `per_minute` of a mailbox stands for the profile's own."""
    profile = PROFILES.get(provider, ())
    if per_minute is None:
        return profile
    own = _a_minute(per_minute)
    return (own, *(limit for limit in profile if limit.name != own.name))


def relay_limits(per_minute: int | None, per_day: int | None = None) -> tuple[Limit, ...]:
    """Those of a relay, as its administrator or a rep has laid down; half of a day's mails may leave at once."""
    minute = (_a_minute(per_minute),) if per_minute else ()
    return (*minute, Limit("day", per_day, DAY, max(1, per_day // 2))) if per_day else minute


def _a_minute(most: int) -> Limit:
    return Limit("minute", most, MINUTE, max(1, most // 10))


def full(limit: Limit, now: datetime) -> Level:
    return Level(float(limit.burst), now)


def draw(limit: Limit, level: Level, wanted: int, now: datetime) -> Drawn:
    """Take up to `wanted` tokens. A clock that goes back fills nothing."""
    passed = max(0.0, (now - level.at).total_seconds())
    tokens = min(float(limit.burst), level.tokens + passed * limit.rate)
    granted = min(wanted, int(tokens))
    left = Level(tokens - granted, max(now, level.at))
    return Drawn(granted, left, left.at + timedelta(seconds=max(0.0, 1 - left.tokens) / limit.rate))


JUDGED = 200
MOST_HARD = 0.05


def breaks(hard: int, handed: int) -> bool:
    """The rule: a mailbox stops by itself when 5 % of its last 200 mails had no such recipient."""
    return handed >= JUDGED and hard >= handed * MOST_HARD
