"""Reading a request body strictly: each field has a type, a range, and no stranger enters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from sandbox.amounts import DECIMALS
from sandbox.refusals import Refusal, invalid

MAX_AMOUNT = 10**12
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_PLAIN_URL = re.compile(r"[\x21-\x7e]{1,2048}")


class Fields:
    """The JSON object of one request, consumed field by field."""

    def __init__(self, document: object, *, name: str = "body") -> None:
        """Take a decoded document; anything but an object is refused."""
        if not isinstance(document, Mapping):
            raise Refusal(422, "invalid_body", f"The {name} must be a JSON object.")
        self._left = dict(document)

    def integer(self, name: str, *, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within [low, high]; true and 1.0 are not numbers here."""
        value = self._left.pop(name, default)
        if value is None or isinstance(value, bool) or not isinstance(value, int):
            raise invalid(name, "a whole number is required")
        if not low <= value <= high:
            raise invalid(name, f"must be between {low} and {high}")
        return value

    def text(self, name: str, *, longest: int, default: str | None = None) -> str:
        """Return a text of at most ``longest`` characters; without default it is required."""
        value = self._left.pop(name, None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            raise invalid(name, "a text is required")
        if len(value) > longest or "\0" in value:
            raise invalid(name, f"at most {longest} characters")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; absent is false."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise invalid(name, "true or false is required")
        return value

    def currency(self, name: str = "currency") -> str:
        """Return a currency code that the gateway takes."""
        value = self._left.pop(name, None)
        if not isinstance(value, str) or value not in DECIMALS:
            raise invalid(name, f"one of {', '.join(DECIMALS)} is required")
        return value

    def amount(self, name: str = "amount") -> int:
        """Return a positive amount in minor units."""
        return self.integer(name, low=1, high=MAX_AMOUNT)

    def url(self, name: str, *, required: bool) -> str | None:
        """Return a plain absolute http(s) address without user name, or None."""
        value = self._left.pop(name, None)
        if value is None and not required:
            return None
        if not isinstance(value, str) or not _PLAIN_URL.fullmatch(value):
            raise invalid(name, "an absolute http or https address is required")
        check_url(name, value)
        return value

    def nested(self, name: str) -> Fields:
        """Return the object below ``name`` as fields of its own."""
        return Fields(self._left.pop(name, None), name=name)

    def labels(self, name: str) -> str:
        """Return a flat object of texts as JSON; at most 4,000 characters."""
        value = self._left.pop(name, None)
        if value is None:
            return "{}"
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            raise invalid(name, "an object with texts as values is required")
        packed = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if len(packed) > 4000:
            raise invalid(name, "at most 4000 characters as JSON")
        return packed

    def done(self) -> None:
        """Refuse fields that nobody asked for: a typing error must not pass silently."""
        for name in self._left:
            raise Refusal(422, "unknown_field", f"There is no field {name!r}.", field=str(name))


def check_url(name: str, value: str) -> None:
    """Refuse an address a browser or a socket could read in two ways."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise invalid(name, "is not an address") from error
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host.rstrip(":")):
        raise invalid(name, "an absolute http or https address without user name is required")
