"""The lifecycle of an import, as one table."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.people.models import ImportState as S

RUNNING = frozenset({S.CHECKING, S.IMPORTING})
CORRECTABLE = frozenset({S.UPLOADED, S.CHECKED, S.REFUSED})

IMPORT = Lifecycle[S](
    name="import",
    moves={
        "correct": (CORRECTABLE, S.UPLOADED),
        "check": (frozenset({S.UPLOADED}), S.CHECKING),
        "stop_checking": (frozenset({S.CHECKING}), S.UPLOADED),
        "report": (frozenset({S.CHECKING}), S.CHECKED),
        "refuse": (frozenset({S.CHECKING}), S.REFUSED),
        "start": (frozenset({S.CHECKED}), S.IMPORTING),
        "finish": (frozenset({S.IMPORTING}), S.IMPORTED),
        "undo": (frozenset({S.IMPORTED}), S.UNDONE),
    },
    sentences={
        S.UPLOADED: "the file was uploaded; nothing was checked or imported yet.",
        S.CHECKING: "the file is being checked; nothing was imported yet.",
        S.CHECKED: "the file was checked; nothing was imported yet.",
        S.IMPORTING: "the people are being imported.",
        S.IMPORTED: "the people were imported.",
        S.REFUSED: "the file was refused; nothing was imported.",
        S.UNDONE: "the import was undone.",
    },
)
