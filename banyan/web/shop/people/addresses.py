"""The address book: per-country forms, and a whole address from one pasted line."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people.access import get_address_for, visible_addresses
from banyan.people.models import Address
from banyan.people.rules import ADDRESS_FORMS, address_form, parse_address_line
from banyan.people.rules.countries import country_names, country_told

from ...http import actor, private
from ...once import led_to, name_of
from .forms import AddressForm, LineForm, refuse
from .sessions import member, region_of, safe_next


@private
@member
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    """Show the book."""
    book = [
        (address, address_lines(address), country_told(address.country))
        for address in visible_addresses(actor(request))
    ]
    return render(request, "shop/people/addresses.html", {"nav": "me", "book": book})


def address_lines(address: Address) -> str:
    """Return the address in the order its country writes it, on one line."""
    columns = [field.name for field in address_form(address.country)]
    parts = [getattr(address, name) for name in columns if name not in ("recipient", "phone")]
    glue = "" if address.country in ("CN", "TW") else ", "
    return glue.join(part for part in parts if part)


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def address_new(request: HttpRequest) -> HttpResponse:
    """Add an address: choose the country, fill its form or paste a line, check, save."""
    country = _country(request, region_of(request))
    if request.method == "POST" and request.POST.get("again"):
        return _page(request, country, _prefilled(request, country), line=_pasted(request))
    if request.method == "POST":
        return _save(request, country, None)
    return _page(request, country, AddressForm(address_form(country)))


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def address_edit(request: HttpRequest, address_id: int) -> HttpResponse:
    """Change an address."""
    address = get_address_for(actor(request), address_id)
    country = _country(request, address.country)
    if request.method == "POST" and request.POST.get("again"):
        form = _prefilled(request, country)
        return _page(request, country, form, address, line=_pasted(request))
    if request.method == "POST":
        return _save(request, country, address)
    initial = {field.name: getattr(address, field.name) for field in address_form(country)}
    form = AddressForm(address_form(country), initial=initial | {"is_default": address.is_default})
    return _page(request, country, form, address)


@require_POST
@member
def address_remove(request: HttpRequest, address_id: int) -> HttpResponse:
    """Take an address out."""
    people.remove_address(actor=actor(request), address_id=address_id)
    messages.success(request, _("The address was removed."))
    return redirect("addresses")


@require_POST
@member
def address_default(request: HttpRequest, address_id: int) -> HttpResponse:
    """Fill this address in first from now on."""
    people.make_default(actor=actor(request), address_id=address_id)
    return redirect("addresses")


def _country(request: HttpRequest, default: str) -> str:
    data: QueryDict = request.POST if request.method == "POST" else request.GET
    for country in (data.get("country", ""), default):
        if country in ADDRESS_FORMS:
            return country
    return "CN"


def _pasted(request: HttpRequest) -> LineForm:
    return LineForm(request.POST if request.POST.get("again") == "line" else None)


def _prefilled(request: HttpRequest, country: str) -> AddressForm:
    """Fill the form with what was typed; what a pasted line says goes over it."""
    fields = address_form(country)
    initial: dict[str, Any] = {field.name: request.POST.get(field.name, "") for field in fields}
    initial["is_default"] = "is_default" in request.POST
    line = request.POST.get("line", "").strip()
    if request.POST.get("again") == "line" and line:
        parsed = parse_address_line(line[:400], country)
        initial |= {name: value for name, value in parsed.fields.items() if value}
    return AddressForm(fields, initial=initial)


def _save(request: HttpRequest, country: str, address: Address | None) -> HttpResponse:
    form = AddressForm(address_form(country), request.POST)
    fields = {field.name: request.POST.get(field.name, "") for field in address_form(country)}
    fields["country"] = country
    default = "is_default" in request.POST
    who = actor(request)

    def add() -> str:
        people.add_address(actor=who, fields=fields, is_default=default)
        messages.success(request, _("Saved."))
        return safe_next(request) or reverse("addresses")

    try:
        if address is None:
            return redirect(led_to(request, name_of(request), add))
        people.change_address(actor=who, address_id=address.pk, fields=fields, is_default=default)
    except Invalid as problem:
        refuse(form, problem)
        return _page(request, country, form, address, status=422)
    messages.success(request, _("Saved."))
    return redirect(safe_next(request) or "addresses")


def _page(
    request: HttpRequest,
    country: str,
    form: AddressForm,
    address: Address | None = None,
    *,
    line: LineForm | None = None,
    status: int = 200,
) -> HttpResponse:
    pasted = line is not None and line.is_bound
    context = {
        "nav": "me",
        "form": form,
        "line": line or LineForm(),
        "pasted": pasted,
        "country": country,
        "here": request.path,
        "countries": country_names(get_language() or "en"),
        "address": address,
        "next": safe_next(request),
    }
    return render(request, "shop/people/address.html", context, status=status)
