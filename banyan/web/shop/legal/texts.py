"""Legal texts: the version in force, older ones, what changed, and agreeing to them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.kernel.problems import NotFound
from banyan.legal import actions as legal
from banyan.legal import queries, rules

from ...http import actor, private, revalidated, signed_in
from ..people.sessions import safe_next


@require_safe
@revalidated
def index(request: HttpRequest) -> HttpResponse:
    """List every kind of text."""
    return render(request, "shop/legal/index.html", {"kinds": rules.KINDS})


@require_safe
@revalidated
def text(request: HttpRequest, kind: str, version: int | None = None) -> HttpResponse:
    """Show a text: the version in force, or an older one with what it changed."""
    if kind not in rules.KINDS:
        raise NotFound()
    language = request.LANGUAGE_CODE
    if version is None:
        shown = queries.current(kind, language)
    else:
        shown = queries.version_of(kind, version, language)
    changed: list[rules.Changed] = []
    if version is not None and version > 1:
        before = queries.version_of(kind, version - 1, shown.language)
        changed = rules.changes(before.body, shown.body)
    context = {
        "kind": kind,
        "title": rules.KINDS[kind],
        "shown": shown,
        "paragraphs": rules.paragraphs(shown.body),
        "changed": changed,
        "history": queries.history(kind),
    }
    return render(request, "shop/legal/text.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def agree(request: HttpRequest) -> HttpResponse:
    """Ask a member once for the newer versions that ask for it."""
    who = actor(request)
    kinds = queries.to_accept(who.id or 0, rules.MEMBERS)
    if request.method == "POST":
        legal.accept(actor=who, kinds=kinds)
        messages.success(request, _("Thank you."))
        return redirect(safe_next(request, "/") or "/")
    texts = [queries.current(kind, request.LANGUAGE_CODE) for kind in kinds]
    context = {
        "nav": "me",
        "texts": [(rules.KINDS[each.kind], each) for each in texts],
        "next": safe_next(request, "/"),
    }
    return render(request, "shop/legal/agree.html", context)
