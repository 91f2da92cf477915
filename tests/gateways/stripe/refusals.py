"""Errors in the published shape: https://docs.stripe.com/api/errors, /error-codes."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - named for what it says
    """A request that is answered with an error."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        message_code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {
                name: value
                for name, value in (
                    ("type", kind),
                    ("code", code),
                    ("message_code", message_code),
                    ("message", message),
                    ("param", param),
                )
                if value is not None
            }
        }


def missing_thing(kind: str, ref: str) -> Refusal:
    """Return the 404 of a thing that is not there."""
    return Refusal(f"No such {kind}: '{ref}'", status=404, code="resource_missing", param="id")


def unknown_parameter(name: str) -> Refusal:
    """Return the error of a field that the published request does not have."""
    return Refusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def missing_parameter(name: str) -> Refusal:
    """Return the error of a required field that was not sent."""
    return Refusal(f"Missing required param: {name}.", code="parameter_missing", param=name)
