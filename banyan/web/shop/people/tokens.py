"""Personal API tokens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.kernel.problems import Problem
from banyan.people import actions as people
from banyan.people.access import visible_tokens

from ...http import actor, private
from .forms import TokenForm, refuse
from .sessions import member


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List tokens and make one; the secret is in the answer to this POST and nowhere else."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            scopes = ("read", "write") if form.cleaned_data["may_write"] else ("read",)
            try:
                _token, secret = people.create_token(
                    actor=actor(request), name=form.cleaned_data["name"], scopes=scopes
                )
                form, status = TokenForm(), 201
            except Problem as problem:
                refuse(form, problem)
                status = problem.status
    context = {
        "nav": "me",
        "form": form,
        "secret": secret,
        "tokens": visible_tokens(actor(request)),
    }
    return render(request, "shop/people/tokens.html", context, status=status)


@require_POST
@member
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token."""
    people.revoke_token(actor=actor(request), token_id=token_id)
    messages.success(request, _("The token no longer works."))
    return redirect("tokens")
