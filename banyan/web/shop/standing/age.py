"""The age gate: goods for adults are shown and sold after one says how old one is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from banyan.kernel.digits import whole

from ...cookies import read_signed, write_signed
from ...http import private

AGE = "banyan_age"
OLDEST = 21


def age_of(request: HttpRequest) -> int:
    """Return the age that this browser's reader has confirmed, 0 without."""
    return whole(read_signed(request, AGE), most=OLDEST) or 0


def gate(request: HttpRequest, *, min_age: int, back: str = "") -> HttpResponse:
    """Answer with the question instead of the page; nothing of the goods is on it."""
    context = {"nav": "explore", "min_age": min_age, "back": back or request.get_full_path()}
    return render(request, "shop/standing/age.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def age(request: HttpRequest) -> HttpResponse:
    """Keep the answer in a signed cookie and go back; "no" leads home and is not kept."""
    min_age = whole(request.GET.get("age", "") or request.POST.get("age", ""), most=OLDEST) or 18
    back = request.GET.get("next", "") or request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None) or not back.startswith("/"):
        back = "/"
    if request.method != "POST":
        return gate(request, min_age=min_age, back=back)
    if request.POST.get("old_enough") != "yes":
        return redirect("explore")
    answer = redirect(back)
    write_signed(request, answer, AGE, str(max(min_age, age_of(request))))
    return answer
