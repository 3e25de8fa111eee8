"""Simulate 10,000 and 100,000 people × 12 steps, with a daily limit that binds and without: seconds and memory.

Seconds of the processor stand beside those of the clock: on a busy machine only they tell what the work costs.

python -m benchmarks.simulate [--people 10000,100000] [--runs 3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from time import perf_counter, process_time

from sales_campaigns.campaigns.file import CampaignFile, read_campaign
from sales_campaigns.campaigns.simulating import Wish, foresee

STEPS = 12
GOAL = 5  # seconds for 10,000 people
SHARES = {"no limit": None, "a limit that holds first mails up for 2 weeks": 0.05, "for a year": 0.005}
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


def people(count: int) -> Iterator[dict[str, str]]:
    return ({"email": f"person{n}@example.com", "time_zone": ZONES[n % len(ZONES)]} for n in range(count))


def measure(count: int, limit: int | None) -> tuple[float, float, float]:
    """Seconds until every entry was written, by the clock and of the processor; the most megabytes of this process."""
    wish = Wish(campaign(), datetime(2026, 11, 23, 8), "Europe/Stockholm", None, 0, limit)
    begun, worked = perf_counter(), process_time()
    found = foresee(wish, people(count))
    pieces = sum(1 for _ in found.written())
    assert pieces == count * STEPS + 2
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return perf_counter() - begun, process_time() - worked, most


def in_a_process_of_its_own(count: int, limit: int | None) -> tuple[float, float, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (count, limit))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", default="10000,100000")
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    for name, share in SHARES.items():
        for count in map(int, chosen.people.split(",")):
            limit = max(1, int(count * share)) if share else None
            runs = [in_a_process_of_its_own(count, limit) for _ in range(chosen.runs)]
            seconds, worked = (median(run[n] for run in runs) for n in (0, 1))
            memory = max(run[2] for run in runs)
            goal = f" (goal: at most {GOAL} s)" if count == 10_000 else ""
            told = f"{seconds:.2f} s{goal}, {worked:.2f} s of the processor, {memory:.0f} MB at most"
            print(f"{count:,} people × {STEPS} steps, {name}: {told}")


if __name__ == "__main__":
    main()
