"""One error base: a stable code, a translatable message, operator detail; alike on page and API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class Problem(Exception):  # noqa: N818 - named for what it says
    """A refusal that a person or a program can act on.

    ``code`` is stable and pinned by tests; ``message`` is for people; ``detail`` for operators
    (never shown to people); ``fields`` maps a form field to its message; ``retry_after`` is in
    seconds. Rendered as a page, an HTML fragment or RFC 9457 problem+json.
    """

    code = "problem"
    status = 400
    message: Any = _("This could not be done.")

    def __init__(
        self,
        message: Any = None,
        *,
        code: str | None = None,
        detail: str = "",
        fields: dict[str, Any] | None = None,
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.code = code or self.code
        self.message = message or self.message
        self.detail = detail
        self.fields = fields or {}
        self.retry_after = retry_after
        self.extra = extra or {}
        super().__init__(f"{self.code}: {self.message} {detail}".strip())


class Invalid(Problem):
    """The input is not acceptable; ``fields`` says where and why."""

    code = "invalid"
    status = 422
    message = _("Please check the marked fields.")


class NotFound(Problem):
    """Absent, or not for this actor: both look alike."""

    code = "not_found"
    status = 404
    message = _("This page does not exist, or is not yours to see.")


class Moved(NotFound):
    """What is asked for by the name ``was`` has the name ``now``; the actor may see it there.

    Where the name is part of the address the answer leads on (``kernel.http.led_on``), elsewhere
    it is absent like anything else.
    """

    def __init__(self, *, was: str, now: str) -> None:
        super().__init__(detail=f"{was} is {now} now")
        self.was, self.now = was, now


class Forbidden(Problem):
    """The actor is known and the row is visible, but the act is not allowed."""

    code = "forbidden"
    status = 403
    message = _("You may not do this.")


class LoginRequired(Problem):
    """The act needs an account."""

    code = "login_required"
    status = 401
    message = _("Please sign in first.")


class Conflict(Problem):
    """The state of things does not allow the act (any more)."""

    code = "conflict"
    status = 409
    message = _("Things have changed in the meantime.")


class SoldOut(Conflict):
    """A scarce thing is gone."""

    code = "sold_out"
    message = _("This is sold out.")


class Busy(Problem):
    """A lock was not to be had in time; trying again is right."""

    code = "busy"
    status = 503
    message = _("Many people are doing this right now. Please try again in a moment.")

    def __init__(self, message: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("retry_after", 1)
        super().__init__(message, **kwargs)


class TooMany(Problem):
    """A rate limit was reached."""

    code = "too_many"
    status = 429
    message = _("That was a little too often. Please wait a moment.")


class IdempotencyMismatch(Problem):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"
    status = 422
    message = _("This request was already sent with other content.")


class IdempotencyInFlight(Problem):
    """The same request is being handled right now."""

    code = "idempotency_in_flight"
    status = 409
    message = _("This request is already being handled.")


class IllegalTransition(Conflict):
    """A state machine refused a move."""

    code = "illegal_transition"
