"""The page on which everybody can check a proof file, and the program that does the same."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from banyan.campaigns import verifier as program

from ...http import revalidated


@require_safe
@revalidated
def verify(request: HttpRequest) -> HttpResponse:
    """Check a file in the browser: one that is chosen, or ``?proof=`` a path of this site."""
    proof = request.GET.get("proof", "")
    ours = proof.startswith("/") and url_has_allowed_host_and_scheme(proof, {request.get_host()})
    return render(request, "shop/chance/verify.html", {"proof": proof if ours else ""})


@require_safe
@revalidated
def verifier(request: HttpRequest) -> FileResponse:
    """Hand out the program."""
    return FileResponse(
        Path(program.__file__).open("rb"),
        as_attachment=True,
        filename="verifier.py",
        content_type="text/x-python; charset=utf-8",
    )
