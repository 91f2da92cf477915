"""The one API object: its routes behind the gate, its errors as problems, its document."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.operation import Operation

from .describing import common_schemas, document_operation
from .gate import Access, Route, guarded
from .reading import StrictParser, TooLong
from .refusals import WrongMethod, answer, as_problem

View = Callable[..., HttpResponse]
# A file is refused by its name a little above its limit; a huge body is not read at all.
READ_FACTOR = 4


class Api(NinjaAPI):
    """NinjaAPI with our gate, problems and document."""

    def set_default_exception_handlers(self) -> None:
        """Answer every exception as a problem; nothing leaves as a trace."""
        self.add_exception_handler(Exception, lambda request, error: self.refuse(request, error))

    def refuse(self, request: HttpRequest, error: Any) -> HttpResponse:
        """Return the answer to an exception."""
        return answer(request, as_problem(request, error))

    def guard(self, run: Callable[..., Any]) -> View:
        """Put the gate before an operation; for ``add_decorator(mode="view")``."""
        operation = _operation_of(run)
        route = Route(
            run,
            needs_key=bool(getattr(operation.view_func, "needs_key", False)),
            takes_files=any(m.__ninja_param_source__ == "file" for m in operation.models),
            takes_goods=bool(getattr(operation.view_func, "takes_goods", False)),
        )

        @wraps(run)
        def through(request: HttpRequest, **params: Any) -> HttpResponse:
            try:
                if _length(request) > _most(route):
                    raise TooLong()
                response = guarded(request, route, params)
            except Exception as error:
                response = self.refuse(request, error)
            response.setdefault("Cache-Control", "no-store")
            return response

        return through

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        found: list[URLResolver | URLPattern] = super()._get_urls()
        for pattern in found:
            if isinstance(pattern, URLPattern):
                pattern.callback = self._with_methods(pattern.callback)
        return found

    def _with_methods(self, view: View) -> View:
        """Answer HEAD as GET, OPTIONS with Allow, an unknown method with a problem."""

        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **params: Any) -> HttpResponse:
            asked = request.method
            if asked == "HEAD":
                request.method = "GET"
            response = view(request, *args, **params)
            request.method = asked  # the server leaves the body of a HEAD away
            if response.status_code != 405:
                return response
            allowed = {name.strip() for name in response["Allow"].split(",")} | {"OPTIONS"}
            allowed |= {"HEAD"} if "GET" in allowed else set()
            if asked == "OPTIONS":
                response = HttpResponse(status=204)
                del response["Content-Type"]
            else:
                told = _("Use %(methods)s here.") % {"methods": ", ".join(sorted(allowed))}
                response = self.refuse(request, WrongMethod(told))
            response["Allow"] = ", ".join(sorted(allowed))
            return response

        # ninja's own views are exempt: no cookie authenticates them.
        answered.csrf_exempt = True  # type: ignore[attr-defined]  # the mark that Django reads
        return answered

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Name an operation after its view: ``place_checkout``."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """Return ninja's document with what is true of every route."""
        document = super().get_openapi_schema(**kwargs)
        operations = {
            (path, method): operation
            for router in self._get_bound_routers()
            for path, view in router.path_operations.items()
            for operation in view.operations
            for method in operation.methods
        }
        by_id = {
            self.get_openapi_operation_id(operation): operation for operation in operations.values()
        }
        for path in document["paths"].values():
            for method, found in path.items():
                operation = by_id[found["operationId"]]
                access = operation.auth_callbacks[0]
                assert isinstance(access, Access)
                needs_key = bool(getattr(operation.view_func, "needs_key", False))
                document_operation(found, method, access, needs_key)
        document["components"]["schemas"].update(common_schemas())
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "A personal token."}
        }
        return document


def _operation_of(run: Any) -> Operation:
    operation = run.__self__
    assert isinstance(operation, Operation)
    return operation


def _most(route: Route) -> int:
    """Return how many bytes of a request's body are read at all."""
    sold = settings.DIGITAL_FILE_BYTES if route.takes_goods else 0
    return int(READ_FACTOR * settings.MAX_UPLOAD_BYTES + sold)


def _length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() else 0


DESCRIPTION = """\
Everything that members, merchants and guests do on the pages, for programs.

Ids are text. Money is `{"amount": minor units, "currency": "EUR"}`. Times are ISO 8601 in UTC.
Errors are problem+json with a stable `code`. The reference with a walk-through to copy is
`docs/reference/http-api.md`.
"""


def new_api() -> Api:
    """Return an API without routes."""
    made = Api(title="Banyan", version="1", description=DESCRIPTION, parser=StrictParser(),
               urls_namespace="api")  # fmt: skip
    made.add_decorator(made.guard, mode="view")
    return made
