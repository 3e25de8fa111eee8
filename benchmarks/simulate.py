"""Simulate 10,000 people × 12 steps: seconds, and how they grow from 1,000 people.

python -m benchmarks.simulate [--limit MAILS_A_DAY]
"""

from __future__ import annotations

import argparse
from datetime import datetime
from statistics import median
from time import perf_counter

from sales_campaigns.campaigns.file import CampaignFile, read_campaign
from sales_campaigns.campaigns.simulating import simulate

STEPS = 12
ZONES = ["Europe/Stockholm", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kolkata"]
HEAD = """format: sales-campaign/1
name: Bench
settings:
  skip_weekends: true
  holidays: SE
  timezone: recipient
  send_window: {from: "08:00", to: "18:00"}
steps:
"""
KINDS = ['type: email, send: at, at: "09:30"', "type: call", "type: email, send: same_as_previous"]


def campaign() -> CampaignFile:
    return read_campaign(HEAD + "".join(f"  - {{day: {n + 1}, {KINDS[n % 3]}}}\n" for n in range(STEPS)))


def people(count: int) -> list[dict[str, str]]:
    return [{"email": f"person{n}@example.com", "time_zone": ZONES[n % len(ZONES)]} for n in range(count)]


def seconds(count: int, limit: int | None) -> float:
    """How long one simulation takes; its `limit` is mails a day."""
    file, everybody, start = campaign(), people(count), datetime(2026, 11, 23, 8)
    begun = perf_counter()
    result = simulate(file, everybody, start=start, zone="Europe/Stockholm", mailbox_limit_per_day=limit)
    assert len(result["entries"]) == count * STEPS
    return perf_counter() - begun


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--limit", type=int, help="mails a day from the mailbox")
    limit = options.parse_args().limit
    pairs = [(seconds(1_000, limit and limit // 10), seconds(10_000, limit)) for _ in range(5)]
    ratio = median(large / small for small, large in pairs)
    print(f"10,000 people × {STEPS} steps: {median(large for _, large in pairs):.2f} s (goal: at most 5 s)")
    print(f"10 × the people take {ratio:.1f} × the time")


if __name__ == "__main__":
    main()
