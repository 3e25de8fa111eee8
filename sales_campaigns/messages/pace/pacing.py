"""How much may leave a mailbox in a while: token buckets, and what providers allow. Pure; all times are machine time.

The rule: a limit delays and never drops, and it holds whoever sends. A bucket of `burst` tokens that is filled at the
rest of the limit lets no more than the limit through in any window of its length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MAILBOX_FULL = "its mailbox has sent as much as it may for now"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` mails in any `seconds`, `burst` of them at once.

    `renewed_at`: of a limit that counts by dates; its bucket is not filled bit by bit, and another one serves from
    then on. `words` tell why a mail waits for it.
    """

    name: str
    most: int
    seconds: float
    burst: int
    renewed_at: datetime | None = None
    words: str = MAILBOX_FULL

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return 0.0 if self.renewed_at else max(self.most - self.burst, 1) / self.seconds


@dataclass(frozen=True, slots=True)
class Level:
    """What was in a bucket, and when."""

    tokens: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """When the place of a mail comes, in machine time, and the words of the limit that it waits for."""

    until: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """`granted` mails may leave now; the next one after them when `again_at` is reached."""

    granted: int
    level: Level
    again_at: datetime


MINUTE, DAY = 60.0, 86_400.0
# Clocks of two machines may be this far apart; a bucket filled later than that was filled by a clock that went wrong.
CLOCKS_DIFFER = timedelta(minutes=1)
PROFILES: dict[str, tuple[Limit, ...]] = {
    # A mail takes 130 of 6,000 units a minute: its draft, the sending, the Message-ID. The rest is for reading.
    "gmail": (Limit("minute", 40, MINUTE, 4), Limit("day", 2_000, DAY, 1_000)),
    "outlook": (Limit("minute", 30, MINUTE, 3), Limit("day", 10_000, DAY, 5_000)),
    "smtp": (),
}
# Where these come from, as its rep is told.
REASONS = {
    "gmail": "Of 6,000 units a minute a mail takes 130 (its draft, the sending, its name); the rest is for reading.",
    "outlook": "Microsoft counts 10,000 recipients a day, and takes four calls of a mailbox at once.",
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


def domain_limit(domain: str, per_minute: int) -> Limit:
    """The rule: a limit for each domain of recipients holds for all mailboxes together."""
    words = f"{domain} is given {per_minute:,} mails a minute at most"
    return Limit("domain", per_minute, MINUTE, max(1, per_minute // 10), words=words)


def ramp_limit(most: int, renewed_at: datetime) -> Limit:
    """What a mailbox that gets known may send on one date; the next one's begins at `renewed_at`, machine time."""
    words = f"its mailbox is getting known and sends {most:,} mails today"
    return Limit("ramp", most, DAY, most, renewed_at, words)


def full(limit: Limit, now: datetime) -> Level:
    return Level(float(limit.burst), now)


def draw(limit: Limit, level: Level, wanted: int, now: datetime) -> Drawn:
    """Take up to `wanted` tokens. A clock that goes back fills nothing, and nobody waits until it is there again."""
    passed = max(0.0, (now - level.at).total_seconds())
    tokens = min(float(limit.burst), level.tokens + passed * limit.rate)
    granted = min(wanted, int(tokens))
    left = Level(tokens - granted, min(max(now, level.at), now + CLOCKS_DIFFER))
    return Drawn(granted, left, _again_at(limit, left))


def _again_at(limit: Limit, left: Level) -> datetime:
    if limit.renewed_at is not None:
        return left.at if left.tokens >= 1 else limit.renewed_at
    return left.at + timedelta(seconds=max(0.0, 1 - left.tokens) / limit.rate)


def share(
    wants: Sequence[Sequence[str]], limits: Mapping[str, Limit], levels: dict[str, Level], now: datetime
) -> list[Wait | None]:
    """For each mail, with the buckets that it needs a token of: None where it may leave, else when it may.

    In order, and a mail takes of all its buckets or of none. `levels` are changed.
    """
    queued: Counter[str] = Counter()
    return [_place(keys, limits, levels, queued, now) for keys in wants]


def _place(
    keys: Sequence[str],
    limits: Mapping[str, Limit],
    levels: dict[str, Level],
    queued: Counter[str],
    now: datetime,
) -> Wait | None:
    drawn = {key: draw(limits[key], levels[key], 1, now) for key in keys}
    full = [key for key in keys if not drawn[key].granted]
    if not full:
        levels.update((key, one.level) for key, one in drawn.items())
        return None
    waits = [_behind(limits[key], drawn[key].again_at, queued[key]) for key in full]
    queued.update(full)
    return max(waits, key=lambda wait: wait.until)


def _behind(limit: Limit, again_at: datetime, before: int) -> Wait:
    """Each waits for its own place, so that nobody asks before it has come."""
    step = 1 / limit.rate if limit.rate else 0.0
    return Wait(again_at + timedelta(seconds=step * before), limit.words)


JUDGED = 200
MOST_HARD = 0.05
JUDGED_FOR_COMPLAINTS = 1_000
MOST_COMPLAINTS = 0.003


def breaks(hard: int, handed: int) -> bool:
    """The rule: a mailbox stops by itself when 5 % of its last 200 mails had no such recipient."""
    return handed >= JUDGED and hard >= handed * MOST_HARD


def annoys(complaints: int) -> bool:
    """The rule: it stops by itself when 0.3 % of 1,000 mails were reported as spam; fewer mails, the same three."""
    return complaints >= JUDGED_FOR_COMPLAINTS * MOST_COMPLAINTS
