"""How the mails of a batch leave: each is announced to the journal, handed over, and its answer kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from sales_campaigns.clock import Clock, machine_seconds
from sales_campaigns.database import Sessions
from sales_campaigns.messages.handing_over.draft_ids import Overtaken, keep_draft
from sales_campaigns.messages.handing_over.gate import Gated, Passed
from sales_campaigns.messages.handing_over.journal import Journal
from sales_campaigns.messages.handing_over.recording import Answer
from sales_campaigns.ports import HandOver, MailProvider, OutgoingMail

log = structlog.get_logger()


@dataclass
class Batch:
    """What was let through at once; the `seconds` it took to take, then those to hand it over as well."""

    gated: Sequence[Gated]
    seconds: float = 0.0
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class WayOut:
    """One open provider. `logged`: each mail is a line of the log. Bulk lanes have attempts, rehearsals no log.

    `outside` stands around each wait for the server.
    """

    provider: MailProvider
    journal: Journal | None
    sessions: Sessions
    clock: Clock
    logged: bool
    outside: Callable[[], AbstractContextManager[None]] = nullcontext

    def hand_over(self, batch: Batch) -> None:
        """Each answer counts at once, whatever happens to the others of its batch."""
        begun = machine_seconds()
        by_key = {one.mail.key: one.passed for one in batch.gated}
        mails = [self._noted(one) for one in batch.gated]
        with suppress(Overtaken), self.outside():
            for answer in self.provider.hand_over(mails):
                batch.answers.append(Answer(by_key[answer.key], answer))
                self._log(by_key[answer.key], answer)
                if self.journal is not None:
                    self.journal.answers(answer)
        if self.journal is not None:
            self.journal.tell()
        batch.seconds += machine_seconds() - begun

    def _log(self, passed: Passed, answer: HandOver) -> None:
        """One mail a line, under the trace of what wrote it."""
        if not self.logged:
            return
        outcome = answer.refused.kind.value if answer.refused else "accepted"
        told = {"message_id": passed.claim.message_id, "mailbox_id": passed.mailbox_id}
        log.info(
            "handed over",
            outcome=outcome,
            code=answer.code,
            trace_id=passed.trace_id,
            attempt=passed.attempt,
            **told,
        )

    def _noted(self, one: Gated) -> OutgoingMail:
        if self.provider.capabilities.drafts:
            return replace(one.mail, drafted=partial(keep_draft, self.sessions, self.clock, one.passed.claim))
        if self.journal is None or one.mail.begins is not None:
            return one.mail
        return replace(one.mail, begins=partial(self.journal.begins, one.mail.key))
