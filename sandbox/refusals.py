"""What the gateway says when it declines a request."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - a refusal is an answer to the client, not a fault
    """A request that is declined, with a stable ``code`` and the HTTP status to answer."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str | None = None, **extra: object
    ) -> None:
        """Keep the answer; ``extra`` members are added to the problem document."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        self.extra: Mapping[str, object] = extra

    def document(self) -> dict[str, object]:
        """Return the RFC 9457 problem document."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.field is not None:
            document["field"] = self.field
        return document | dict(self.extra)


def invalid(field: str, detail: str) -> Refusal:
    """Return the 422 refusal of one field."""
    return Refusal(422, "invalid_field", f"{field}: {detail}", field=field)


def not_found(kind: str, object_id: str) -> Refusal:
    """Return the 404 refusal of an object that does not exist."""
    return Refusal(404, "not_found", f"There is no {kind} {object_id[:64]!r}.")
