"""The units of deploy/systemd: what a machine that is set up by them starts."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from pathlib import Path

UNITS = sorted((Path(__file__).parents[1] / "deploy" / "systemd").glob("*.service"))


def unit(path: Path) -> ConfigParser:
    """Names that stand twice keep their last value; they are looked at in the text."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path)
    return parser


def words_of(path: Path) -> list[str]:
    """What it runs: the program, its options and the command."""
    return shlex.split(unit(path)["Service"]["ExecStart"])


def command_of(path: Path) -> tuple[str, ...]:
    """What it runs, from the name of the product's command on."""
    return tuple(words_of(path)[3:])
