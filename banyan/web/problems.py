"""Problems as pages, fragments and RFC 9457 documents."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from banyan.kernel.http import problem_document
from banyan.kernel.problems import Forbidden, LoginRequired, Problem


def render_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with the problem, in the form that the client asked for."""
    request_id = getattr(request, "request_id", "")
    if request.path.startswith("/api/") or "application/json" in request.headers.get("accept", ""):
        response: HttpResponse = JsonResponse(
            problem_document(problem, request_id),
            status=problem.status,
            content_type="application/problem+json",
        )
    elif isinstance(problem, LoginRequired) and request.headers.get("hx-request"):
        response = HttpResponse(status=401, headers={"HX-Redirect": "/login?next=" + request.path})
    elif isinstance(problem, LoginRequired) and request.method in {"GET", "HEAD"}:
        response = HttpResponseRedirect(f"/login?{urlencode({'next': request.get_full_path()})}")
    else:
        fragment = bool(request.headers.get("hx-request"))
        template = "ui/problem_fragment.html" if fragment else "ui/problem.html"
        context = {
            "status": problem.status,
            "code": problem.code,
            "title": str(problem.message),
            "detail": "",
            "fields": problem.fields,
            "request_id": request_id,
            "retry_after": problem.retry_after,
        }
        response = HttpResponse(render_to_string(template, context, request), status=problem.status)
        if fragment:
            response["HX-Retarget"] = "#live-problem"
            response["HX-Reswap"] = "innerHTML"
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say how to go on when the form's token is missing or old."""
    return render_problem(
        request,
        Forbidden(
            _("This form has expired. Please reload the page and send it again."), code="csrf"
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an unknown address."""
    from banyan.kernel.problems import NotFound

    return render_problem(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours; never with a stack trace."""
    problem = Problem(_("Something went wrong on our side. Nothing was lost."), code="server_error")
    problem.status = 500
    return render_problem(request, problem)
