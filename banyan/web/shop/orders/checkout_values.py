"""What a checkout form says: the goods, the address, the wishes."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.rules import Place
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.problems import Invalid
from banyan.orders import actions as orders
from banyan.orders.queries import cart_wanted, last_bought
from banyan.people.access import visible_addresses
from banyan.people.models import Address
from banyan.people.rules import (
    ADDRESS_FIELDS,
    ADDRESS_FORMS,
    address_form,
    clean_phone,
    parse_address_line,
)

from ...cookies import CART, read_signed
from ...http import actor, number
from . import points_choices
from .coupon_choices import changed, off_in

logger = logging.getLogger(__name__)
MOST_OF_ONE = 99
CARRIED = ("variant", "via", "t", "offer", "back", "only", "currency")
METHOD = "way-"


def wanted_lines(request: HttpRequest) -> list[orders.WantedLine]:
    """Return what is to be bought: one variant of the address, or the cart.

    ``only`` names a currency: of the cart then only what has a price in it.
    """
    data = request.POST if request.method == "POST" else request.GET
    variant = data.get("variant", "")
    if variant:
        n = data.get("n", "1")
        return [
            orders.WantedLine(
                variant_id=whole(variant) or 0,
                quantity=_quantity(n),
                via=data.get("via", "")[:24],
                touch_id=number(data, "t"),
                offer_id=number(data, "offer") or None,
            )
        ]
    who = actor(request)
    lines = cart_wanted(actor=who, token=read_signed(request, CART))
    only = data.get("only", "")[:3]
    return orders.priced_in(actor=who, lines=lines, currency=only) if only else lines


def _quantity(text: str) -> int:
    """Return what was typed as a quantity that can be asked for; the page then shows it priced."""
    return max(1, min(MOST_OF_ONE, whole(text, most=99_999) or 1))


def check_quantity(request: HttpRequest) -> None:
    """Refuse to order what is no quantity: what the page would take it for, nobody agreed to."""
    typed = request.POST.get("n", "1") if request.POST.get("variant") else "1"
    if not whole(typed, most=MOST_OF_ONE):
        logger.info("not placed: quantity %.40r", typed)
        raise Invalid(fields={"quantity": _("Enter a number from 1 to 99.")})


def given(request: HttpRequest, who: Actor) -> dict[str, str]:
    """Return the form's values: what was typed, else what the member used before.

    The default address, else where the last order went; the way in which that one was paid. With
    neither, the country of the language.
    """
    if request.method == "POST":
        return _typed(request, who)
    values: dict[str, str] = {}
    if request.user.is_authenticated:
        values = of_address(visible_addresses(who).filter(is_default=True).first())
        address, provider = last_bought(who)
        if not values:
            values = {name: address[name] for name in ADDRESS_FIELDS if name in address}
        values["provider"] = provider
        values.setdefault("email", request.user.email or "")
        values.setdefault("contact_phone", request.user.phone or "")
    countries = {"zh-hant": "TW", "zh-hans": "CN"}
    values.setdefault("country", countries.get(get_language() or "", "CN"))
    for name in ("coupon", "off", "points", "currency", "only"):
        values[name] = request.GET.get(name, "")[:40]
    country = request.GET.get("country", "")
    if country in ADDRESS_FORMS:
        values["country"] = country
    return values


def _typed(request: HttpRequest, who: Actor) -> dict[str, str]:
    """Return what was typed; an address of the book or a pasted line goes over it when asked."""
    values = {key: str(value) for key, value in request.POST.items()}
    wish = values.pop("again", "")
    if wish == "book" and (chosen := whole(values.get("book", ""))) is not None:
        values |= of_address(visible_addresses(who).filter(pk=chosen).first())
    elif wish == "line" and values.get("line", "").strip():
        country = values.get("country", "")
        country = country if country in ADDRESS_FORMS else "CN"
        parsed = parse_address_line(values["line"][:400], country)
        values |= {name: text for name, text in parsed.fields.items() if text}
    return points_choices.changed(changed(values, wish), wish)


def of_address(address: Address | None) -> dict[str, str]:
    """Return the form's values of an address."""
    return {name: getattr(address, name) for name in ADDRESS_FIELDS} if address else {}


def wishes_of(values: dict[str, str]) -> orders.Wishes:
    """Return where to, in which currency and how, as far as the form says it."""
    methods = {}
    for name, chosen in values.items():
        shop_id = whole(name.removeprefix(METHOD)) if name.startswith(METHOD) else None
        if shop_id is not None and chosen:
            methods[shop_id] = whole(chosen) or 0
    place = Place(
        values.get("country", "CN"), values.get("level1", "").strip(), values.get("postcode", "")
    )
    return orders.Wishes(
        to=place,
        currency=values.get("currency", "")[:3],
        methods=methods,
        coupons_off=frozenset(off_in(values)),
        use_points=points_choices.wanted(values),
    )


def contact_of(values: dict[str, str]) -> orders.Contact | None:
    """Return how the buyer is reached, as far as the form says it."""
    typed = values.get("contact_phone") or values.get("phone", "")
    phone = clean_phone(typed, values.get("country", "CN")) if typed else None
    contact = orders.Contact(values.get("email", "").strip(), phone or "")
    return contact if contact != orders.Contact() else None


def address_fields(values: dict[str, str], errors: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields that a parcel to the chosen country needs."""
    country = values.get("country", "CN")
    return [
        {
            "name": field.name,
            "label": field.label,
            "value": values.get(field.name, ""),
            "autocomplete": f"shipping {field.autocomplete}",
            "optional": not field.required,
            "error": errors.get(field.name, ""),
            "type": "tel" if field.name == "phone" else "text",
            "inputmode": field.inputmode,
            "placeholder": field.example,
        }
        for field in address_form(country if country in ADDRESS_FORMS else "CN")
    ]


def book_of(who: Actor) -> list[tuple[str, str]]:
    """Return the member's other addresses to choose from; nothing when there is no choice."""
    found = list(visible_addresses(who)[:30]) if who.id is not None else []
    if len(found) < 2:
        return []
    return [(str(one.pk), f"{one.recipient}, {one.street}, {one.level2}") for one in found]


def carried(request: HttpRequest, values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the hidden fields that say again what is bought and through whom."""
    found = ((name, values.get(name) or request.GET.get(name, "")) for name in CARRIED)
    return [(name, value) for name, value in found if value and name != "currency"]


def sign_in_url(request: HttpRequest, values: dict[str, str]) -> str:
    """Return the sign-in that leads back here with the same goods, quantity, coupon and sharer.

    The way back is kept on the server, so it works in whichever browser finishes the sign-in.
    """
    kept = {
        name: values.get(name) or request.GET.get(name, "")
        for name in (*CARRIED, "n", "coupon", "off", "points")
    }
    query = urlencode({name: value for name, value in kept.items() if value})
    here = reverse("checkout") + (f"?{query}" if query else "")
    return f"{reverse('login')}?{urlencode({'next': here})}"
