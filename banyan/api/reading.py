"""Reading requests: only JSON that can be stored, only text that a database can hold."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from ninja.parser import Parser

from banyan.kernel.http import storable
from banyan.kernel.problems import Invalid, Problem

DEEPEST = 32


class Malformed(Problem):
    """The body is no JSON, or JSON that no reader agrees on (NaN, a key twice, too deep)."""

    code = "malformed"
    status = 400
    message = _("The body of this request cannot be read as JSON.")


class UnsupportedContent(Problem):
    """The body is of a type that this route does not read."""

    code = "unsupported_content"
    status = 415
    message = _("Send the body as application/json.")


class TooLong(Problem):
    """The body is longer than any request of this route can be."""

    code = "too_long"
    status = 413
    message = _("This request is too long.")


class StrictParser(Parser):
    """Reads JSON bodies and query strings; refuses what could not be stored or answered."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the decoded body. Raises UnsupportedContent, Malformed, Invalid."""
        if request.content_type != "application/json":
            raise UnsupportedContent(detail=str(request.content_type))
        try:
            text = request.body.decode()
            found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
        except (ValueError, RecursionError) as error:
            raise Malformed(detail=str(error)[:200]) from error
        check_text(found)
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Return the values of a query or form, the last one where a name comes twice."""
        found = super().parse_querydict(data, list_fields, request)
        check_text({name: value for name, value in found.items() if isinstance(value, str)})
        return found


def check_form(request: HttpRequest) -> None:
    """Raise UnsupportedContent unless a request that brings a file came as multipart/form-data."""
    if request.content_type != "multipart/form-data":
        raise UnsupportedContent(_("Send the file as multipart/form-data."))


def check_text(value: Any, path: tuple[str, ...] = ()) -> None:
    """Raise Invalid where text holds NUL or half a character, Malformed where it is too deep."""
    if isinstance(value, str):
        if not storable(value):
            raise Invalid(
                code="text_not_storable",
                fields={".".join(path): _("This holds a character that cannot be stored.")},
            )
        return
    if len(path) >= DEEPEST:
        raise Malformed(detail=f"nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        for key, one in value.items():
            check_text(key, path)
            check_text(one, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            check_text(one, (*path, str(index)))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in one object")
    return found
