"""A request whose transaction the database gave up for another one is done again: nobody has to press twice. What else
goes wrong is told by the address of its page as it is written in the routes: what stands there may let somebody in.

PostgreSQL ends one of two transactions that wait for each other. Nothing of it stands, so the whole request, with who
is signed in and what the form says, begins anew; once, since by then the other one is through.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, g, request
from sqlalchemy.exc import DBAPIError

from sales_campaigns.database import is_deadlock
from web.request_scope import give_up

log = structlog.get_logger()


class PatientFlask(Flask):
    """Flask, which does a request once more where that is all that is needed."""

    def dispatch_request(self) -> Any:
        try:
            return self._written()
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
            log.warning("a request is done again", route=_route())
        give_up()
        g.pop("me", None)
        for file in request.files.values():
            file.stream.seek(0)
        refused = self.preprocess_request()
        return refused if refused is not None else self._written()

    def log_exception(self, exc_info: Any) -> None:
        """One line as every other of the log, under the trace of its request."""
        log.error("a request failed", method=request.method, route=_route(), exc_info=exc_info)

    def _written(self) -> Any:
        """What it changed is sent to the database here, not when the answer leaves: then it could not begin anew."""
        answer = self.make_response(super().dispatch_request())
        if "work" in g and (answer.status_code < 400 or g.get("keep")):  # else nothing of it is kept
            g.work.session.flush()
        return answer


def _route() -> str:
    return request.url_rule.rule if request.url_rule is not None else ""
