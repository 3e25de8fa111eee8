"""Figures side by side, and the words of the weekly report: pure."""

from __future__ import annotations

from dataclasses import dataclass

from sales_campaigns.analytics.periods import Period


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done and what came of it.

    Unique figures count people, total ones count mails: `people` got `sent` mails, of whom `repliers` answered with
    `replies` mails in all. `openers` and `clickers` are people, `opens` and `clicks` how often they did; what machines
    did counts nowhere else.
    """

    sent: int = 0
    people: int = 0
    replies: int = 0
    repliers: int = 0
    bounced: int = 0
    launched: int = 0
    tasks: int = 0
    calls: int = 0
    openers: int = 0
    clickers: int = 0
    opens: int = 0
    clicks: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0

    @property
    def open_rate(self) -> float | None:
        """Those who opened, beside the people who got mail; None for nobody."""
        return self.openers / self.people if self.people else None

    @property
    def click_rate(self) -> float | None:
        return self.clickers / self.people if self.people else None

    @property
    def reply_rate(self) -> float | None:
        """Of the people who got mail, those who answered; None for nobody."""
        return self.repliers / self.people if self.people else None

    @property
    def bounce_rate(self) -> float | None:
        """Of the mails handed over, those that came back or were refused; None for none."""
        handed = self.sent + self.bounced
        return self.bounced / handed if handed else None


NOTHING = Activity()


def percent(rate: float | None) -> str:
    """The rule: a zero denominator prints “–”."""
    return "–" if rate is None else f"{100 * rate:.1f} %"


def change(now: int, before: int) -> str:
    """How a figure stands to the one before: "+3", "−2", "" for no change."""
    return "" if now == before else f"{now - before:+,}".replace("-", "−")


def of_week(name: str, week: Period, now: Activity | None, before: Activity | None) -> tuple[str, str] | None:
    """Subject and text of the weekly report; None when two weeks saw nothing at all."""
    this, that = now or NOTHING, before or NOTHING
    if this == that == NOTHING:
        return None
    rows = (
        ("E-mails sent (total)", this.sent, that.sent),
        ("People written to (unique)", this.people, that.people),
        ("People who opened (unique)", this.openers, that.openers),
        ("People who clicked (unique)", this.clickers, that.clickers),
        ("People who replied (unique)", this.repliers, that.repliers),
        ("Replies (total)", this.replies, that.replies),
        ("E-mails that came back (total)", this.bounced, that.bounced),
        ("People added to campaigns", this.launched, that.launched),
        ("Tasks done", this.tasks, that.tasks),
        ("of these, calls", this.calls, that.calls),
    )
    lines = [f"{words}: {mine:,} ({change(mine, theirs) or 'as before'})" for words, mine, theirs in rows]
    first, last = (f"{day.day} {day:%b}" for day in (week.first, week.last))
    head = [f"{name}, your week from Monday {first} to Sunday {last}, beside the week before:", ""]
    rate = [f"Of the people written to, {percent(this.reply_rate)} replied."]
    return f"Your week: {this.repliers:,} replied of {this.people:,}", "\n".join(
        [*head, *lines, "", *rate, ""]
    )
