"""What the product runs with may be used and passed on: every distribution has a licence of this list."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution

import pytest
from packaging.requirements import Requirement

from tests.house.tracked import ROOT

ALLOWED = {
    "MIT": r"\bMIT\b|\bMIT-CMU\b",
    "BSD": r"\bBSD\b|\b[0-3]-?Clause\b|\b0BSD\b|Modified BSD",
    "Apache": r"\bApache\b",
    "ISC": r"\bISC\b",
    "LGPL": r"\bLGPL|Lesser General Public",
    "MPL-2.0": r"\bMPL[- ]?2|Mozilla Public License 2",
    "ZPL-2.1": r"\bZPL\b|Zope Public",
    "PSF": r"\bPSF\b|Python Software Foundation|Python-2\.0",
    "Unlicense": r"\bUnlicense\b",
}
REFUSED = re.compile(r"\bAGPL|\bGPL|Affero|(?<!Lesser )General Public License")


def runtime() -> list[str]:
    """The names in requirements.txt that belong on this machine."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [one.name for one in wanted if one.marker is None or one.marker.evaluate()]


def stated(package: Distribution) -> list[str]:
    """The licences a distribution offers: an expression where it has one, else its classifiers, else its words."""
    told = package.metadata.get_all
    for expression in told("License-Expression") or []:
        return re.split(r"\s+OR\s+", expression)
    named = [
        line.rpartition("::")[2].strip() for line in told("Classifier") or [] if line.startswith("License ::")
    ]
    return [name for name in named if name != "OSI Approved"] or told("License") or []


def allowed(licence: str) -> bool:
    """Whether every part of `licence` is on the list; parts are joined by AND."""
    parts = re.split(r"\s+AND\s+", licence.splitlines()[0] if licence else "")
    return all(any(re.search(words, part) for words in ALLOWED.values()) for part in parts) and not any(
        REFUSED.search(part) for part in parts
    )


@pytest.mark.parametrize("name", runtime())
def test_it_runs_with_this_one(name: str) -> None:
    offered = stated(distribution(name))
    assert any(allowed(licence) for licence in offered), f"{name}: {offered}"


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "BSD-3-Clause",
        "Apache-2.0 AND MIT",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "LGPL-3.0-only",
    ],
)
def test_it_allows(licence: str) -> None:
    assert allowed(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "",
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "MIT AND GPL-2.0",
        "GNU General Public License v3 (GPLv3)",
        "Proprietary",
    ],
)
def test_it_refuses(licence: str) -> None:
    assert not allowed(licence)
