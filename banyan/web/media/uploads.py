"""Staged uploads: one file, answered by its token."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from banyan.kernel.http import address_of, problem_document
from banyan.kernel.problems import Invalid, Problem
from banyan.kernel.ratelimits import hit
from banyan.media.actions import UPLOADS, stage
from banyan.media.problems import TooLarge
from banyan.media.queries import image_of_each, staged_for

from ..http import actor

# A body a little too large is read and refused by the file's name; a huge one is not read at all.
READ_FACTOR = 4


def address(request: HttpRequest) -> str:
    """Return the client's address, as our own proxy tells it if there is one."""
    return address_of(request.META, behind_proxy=bool(settings.SECURE_PROXY_SSL_HEADER))


@csrf_exempt  # the token is checked below: checking it here would read a body of any size
@require_POST
def upload_picture(request: HttpRequest) -> HttpResponse:
    """Stage the multipart ``file``; answer ``{token, thumb_url, alt, width, height}``.

    A refusal is problem+json whose ``detail`` is the sentence to show. 200 uploads an hour.
    """
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > READ_FACTOR * settings.MAX_UPLOAD_BYTES:
            limit = settings.MAX_UPLOAD_BYTES // 1024**2
            raise TooLarge(_("This file is larger than %(limit)s MB.") % {"limit": limit})
        return _staged(request)
    except Problem as problem:
        return refusal(request, problem)


@csrf_protect
def _staged(request: HttpRequest) -> HttpResponse:
    try:
        who = actor(request)
        if who.id is None:
            # A name for a browser is to be had anew with each opened link; an address is not.
            hit(f"upload:{address(request)}", *UPLOADS)
        file = request.FILES.get("file")
        if file is None or isinstance(file, list):
            raise Invalid(_("No picture was sent."), code="upload_missing")
        staged = stage(actor=who, data=file, filename=file.name or "")
        [shown] = staged_for(who, [staged.token])
    except Problem as problem:
        return refusal(request, problem)
    answer = {key: shown[key] for key in ("token", "thumb_url", "alt", "width", "height")}
    response = JsonResponse(answer, status=201)
    response["Cache-Control"] = "no-store"
    return response


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with problem+json; ``detail`` repeats what a person is told."""
    document: dict[str, Any] = problem_document(problem, getattr(request, "request_id", ""))
    response = JsonResponse(
        document | {"detail": str(problem.message)},
        status=problem.status,
        content_type="application/problem+json",
    )
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def staged_tokens(request: HttpRequest, name: str, *, most: int = 9) -> list[str]:
    """Return the tokens of an ``upload`` field of a posted form, in order.

    Files that came along (``{name}_files``: a browser without script) are staged now; the tokens
    already staged come first. Raises Invalid for the field ``name`` with every refusal, and with
    ``extra["tokens"]`` of what was staged, so that the form comes back with those.
    """
    tokens = [token for token in request.POST.getlist(name) if token]
    refused: list[str] = []
    for file in request.FILES.getlist(f"{name}_files")[: most + 1]:
        try:
            tokens.append(stage(actor=actor(request), data=file, filename=file.name or "").token)
        except Invalid as problem:
            refused.append(str(problem.message))
    if len(tokens) > most:
        refused.append(_("At most %(max)s pictures.") % {"max": most})
    if refused:
        raise Invalid(fields={name: " ".join(refused)}, extra={"tokens": tokens[:most]})
    return tokens


def typed_texts(request: HttpRequest, name: str, tokens: list[str]) -> dict[int, str]:
    """Return what was typed for each picture of an ``upload`` field, by image id. One statement."""
    found = image_of_each(actor(request), tokens)
    typed = {image_id: request.POST.get(f"{name}_alt_{token}") for token, image_id in found.items()}
    return {image_id: text for image_id, text in typed.items() if text is not None}


def with_typed_texts(
    request: HttpRequest, name: str, staged: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return staged pictures with the texts typed for them, for a form that comes back."""
    return [
        one | {"alt": request.POST.get(f"{name}_alt_{one['token']}", one["alt"])} for one in staged
    ]
