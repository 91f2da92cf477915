"""Checkout in one page: what, where to, how to reach you, pay."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import IdempotencyMismatch, Problem
from banyan.kernel.remembered import get
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.orders.queries import cart_lines, find_cart
from banyan.payments import actions as payments
from banyan.payments.models import Intent
from banyan.payments.problems import (
    PaymentClosed,
    PaymentInReview,
    ProviderRefused,
    ProviderUnreachable,
)
from banyan.payments.providers import enabled

from ...cookies import CART, read_signed
from ...http import actor, private
from . import form_tokens
from .checkout_page import draw, draw_currencies
from .checkout_values import given, wanted_lines, wishes_of
from .device import payer_context
from .way_back import keep, way_back

<<<<<<< HEAD
MOST_OF_ONE = 99


def wanted_lines(request: HttpRequest) -> list[orders.WantedLine]:
    """Return what is to be bought: one variant of the address, or the cart."""
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
    lines = cart_lines(actor=actor(request), token=read_signed(request, CART))
    return [
        orders.WantedLine(line.variant_id, line.quantity, line.via, line.touch_id, line.offer_id)
        for line in lines
        if line.problem != "gone"
    ]


def _quantity(text: str) -> int:
    """Return what was typed as a quantity that can be asked for; the page then shows it priced."""
    return max(1, min(MOST_OF_ONE, whole(text, most=99_999) or 1))


def _given(request: HttpRequest, who: Actor) -> dict[str, str]:
    """Return the form's values: what was typed, else the default address, else the language's."""
    if request.method == "POST":
        return _typed(request, who)
    values: dict[str, str] = {}
    if request.user.is_authenticated:
        values = _of_address(visible_addresses(who).filter(is_default=True).first())
        values.setdefault("email", request.user.email or "")
        values.setdefault("contact_phone", request.user.phone or "")
    countries = {"zh-hant": "TW", "zh-hans": "CN"}
    values.setdefault("country", countries.get(get_language() or "", "CN"))
    values["coupon"] = request.GET.get("coupon", "")[:40]
    country = request.GET.get("country", "")
    if country in ADDRESS_FORMS:
        values["country"] = country
    return values


def _typed(request: HttpRequest, who: Actor) -> dict[str, str]:
    """Return what was typed; an address of the book or a pasted line goes over it when asked."""
    values = {key: str(value) for key, value in request.POST.items()}
    wish = values.pop("again", "")
    if wish == "book" and (chosen := whole(values.get("book", ""))) is not None:
        values |= _of_address(visible_addresses(who).filter(pk=chosen).first())
    elif wish == "line" and values.get("line", "").strip():
        country = values.get("country", "")
        country = country if country in ADDRESS_FORMS else "CN"
        parsed = parse_address_line(values["line"][:400], country)
        values |= {name: text for name, text in parsed.fields.items() if text}
    return values


def _of_address(address: Address | None) -> dict[str, str]:
    return {name: getattr(address, name) for name in ADDRESS_FIELDS} if address else {}


def _address_fields(values: dict[str, str], errors: dict[str, Any]) -> list[dict[str, Any]]:
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


def _book(who: Actor) -> list[tuple[str, str]]:
    """Return the member's other addresses to choose from; nothing when there is no choice."""
    found = list(visible_addresses(who)[:30]) if who.id is not None else []
    if len(found) < 2:
        return []
    return [(str(one.pk), f"{one.recipient}, {one.street}, {one.level2}") for one in found]


def _items(quote: Quote) -> list[dict[str, Any]]:
    variants = quote.variants
    images = first_images(v.product_id for v in variants.values())
    shown = pictures(list(images.values()))
    return [
        {
            "title": product_title(variants[line.key].product),
            "choice": " / ".join(variants[line.key].values),
            "shop": variants[line.key].product.shop.name,
            "quantity": line.quantity,
            "total": Money(line.goods, quote.currency),
            "picture": shown.get(images.get(variants[line.key].product_id, 0)),
        }
        for line in quote.priced.lines
    ]


def _sums(quote: Quote) -> list[tuple[Any, ...]]:
    priced, currency = quote.priced, quote.currency
    rows: list[tuple[Any, ...]] = [(_("Goods"), Money(priced.goods(), currency))]
    if priced.discount():
        rows.append((_("Coupon"), Money(-priced.discount(), currency), "earned"))
    shipping = priced.shipping()
    rows.append((_("Shipping"), Money(shipping, currency) if shipping else _("free")))
    rows.append((_("To pay"), quote.total, "total"))
    return rows


def _sign_in_url(request: HttpRequest, values: dict[str, str]) -> str:
    """Return the sign-in that leads back here with the same goods, quantity, coupon and sharer.

    The way back is kept on the server, so it works in whichever browser finishes the sign-in.
    """
    kept = {
        name: values.get(name) or request.GET.get(name, "")
        for name in ("variant", "n", "via", "t", "offer", "back", "coupon")
    }
    query = urlencode({name: value for name, value in kept.items() if value})
    here = reverse("checkout") + (f"?{query}" if query else "")
    return f"{reverse('login')}?{urlencode({'next': here})}"


def _page(
    request: HttpRequest,
    quote: Quote,
    values: dict[str, str],
    problem: Problem | None = None,
    earlier: Checkout | None = None,
) -> HttpResponse:
    lines = wanted_lines(request)
    bought = {line.variant_id: line.quantity for line in quote.lines}
    if values.get("token"):
        form = form_tokens.Fresh(values["token"])
    elif earlier is not None:
        form = form_tokens.Fresh(form_tokens.another(request, bought))
    else:
        form = form_tokens.fresh(request, bought)
    errors = problem.fields if problem else {}
    coupon_error = errors.get("coupon", "")
    if quote.coupon_problem is not None:
        coupon_error = quote.coupon_problem.message
    context = {
        "items": _items(quote),
        "sums": _sums(quote),
        "total": quote.total,
        "agreed": quote.total.amount,
        "values": values,
        "country": values.get("country", "CN"),
        "countries": country_names(get_language() or "en"),
        "book": _book(actor(request)),
        "read_line": request.POST.get("again") == "line",
        "address_fields": _address_fields(values, errors),
        "errors": errors,
        "coupon_error": coupon_error,
        "problem": problem,
        "earlier": earlier,
        "waiting": form.waiting,
        "token": form.token,
        "methods": methods_for(amount=quote.total, account_id=actor(request).id),
        "carried": [
            (name, values.get(name) or request.GET.get(name, ""))
            for name in ("variant", "via", "t", "offer", "back")
            if values.get(name) or request.GET.get(name)
        ],
        "quantity": lines[0].quantity if "variant" in (request.POST or request.GET) else 0,
        "sign_in_url": _sign_in_url(request, values),
        "guest": actor(request).id is None,
        "way_back": way_back(request),
    }
    status = problem.status if problem else 200
    return render(request, "shop/orders/checkout.html", context, status=status)

=======
>>>>>>> pricing

@require_http_methods(["GET", "HEAD", "POST"])
@private
def checkout(request: HttpRequest) -> HttpResponse:
    """Show the checkout; on POST place the order and go to the payment page.

    "Apply" and a changed country only price and draw again. A refusal keeps everything typed.
    """
    who = actor(request)
    lines = wanted_lines(request)
    values = given(request, who)
    places = request.method == "POST" and "again" not in request.POST
    # What is named in the form is asked for again as it is; a cart was emptied meanwhile.
    of_cart = places and "variant" not in request.POST
    known = orders.placed_before(_placement_key(values)) if of_cart else None
    if not lines and known is None:
        return redirect("cart")
    if not places:
        return _quoted(request, lines, values)
    opening = payments.Opening(
        return_url=lambda token: _return_url(request, token),
        locale=get_language() or "en",
        context=lambda provider: payer_context(request, provider),
    )
    try:
        placed = _place(who, lines, values, known, opening)
    except IdempotencyMismatch as problem:
        return _used(request, lines, values, problem)
    except Problem as problem:
        return _quoted(request, lines, values, problem)
    if known is None:
        _empty(request, who, lines)
    else:
        leave_cart(request, known[1])
    return keep(request, go_to_payment(request, placed, opening), placed)


def _used(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    problem: IdempotencyMismatch,
) -> HttpResponse:
    """Say that this form's order exists and that nothing new was ordered; show the way to it.

    The form comes back with a new token, so that pressing again orders what it says now.
    """
    known = orders.placed_before(_placement_key(values))
    earlier = known[0] if known else None
    if not lines and earlier is not None:
        messages.warning(request, str(problem.message))
        return redirect("purchase", earlier.access_token)
    return _quoted(request, lines, values | {"token": ""}, problem, earlier)


def _quoted(
    request: HttpRequest,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    problem: Problem | None = None,
    earlier: Checkout | None = None,
) -> HttpResponse:
    """Draw the page with today's prices, or the one that splits what has no common currency."""
    try:
        quote = orders.quote(
            actor=actor(request),
            lines=lines,
            coupon_code=values.get("coupon", ""),
            wishes=wishes_of(values),
        )
    except Problem as refused:
        if refused.code != "mixed_currencies":
            raise
        return draw_currencies(request, refused)
    return draw(request, quote, values, problem, earlier)


def _placement_key(values: dict[str, str]) -> str:
    return f"{form_tokens.KEY}{values.get('token', '')}"[:80]


def _place(
    who: Actor,
    lines: list[orders.WantedLine],
    values: dict[str, str],
    known: tuple[Checkout, dict[int, int]] | None,
    opening: payments.Opening,
) -> Checkout:
    """Place what the form says; of a cart that was emptied since, what it bought then."""
    if known is not None and "variant" not in values:
        lines = [orders.WantedLine(variant, n) for variant, n in known[1].items()]
    return orders.place(
        actor=who,
        lines=lines,
        contact=orders.Contact(values.get("email", ""), values.get("contact_phone", "")),
        address=values,
        placement_key=_placement_key(values)
        if values.get("token")
        else form_tokens.KEY + new_code(120),
        provider=_provider(values),
        coupon_code=values.get("coupon", ""),
        wishes=wishes_of(values),
        agreement=values.get("agreed", ""),
        opening=opening,
    )


def _provider(values: dict[str, str]) -> str:
    """Return the chosen way to pay, else the operator's first. Opening an intent checks it."""
    names = [provider.name for provider in enabled()]
    chosen = values.get("provider", "")
    return chosen if chosen in names else names[0]


def _empty(request: HttpRequest, who: Actor, lines: list[orders.WantedLine]) -> None:
    if "variant" in request.POST:
        return
    cart = find_cart(actor=who, token=read_signed(request, CART))
    if cart is not None:
        bought = [line.variant_id for line in lines]
        orders.empty_cart(actor=who, cart=cart, variant_ids=bought)


def leave_cart(request: HttpRequest, bought: Mapping[int, int]) -> None:
    """Empty a cart that holds exactly what an order bought: it was filled for that order again."""
    who, token = actor(request), read_signed(request, CART)
    held = {line.variant_id: line.quantity for line in cart_lines(actor=who, token=token)}
    cart = find_cart(actor=who, token=token) if held == dict(bought) else None
    if cart is not None:
        orders.empty_cart(actor=who, cart=cart, variant_ids=list(bought))


def go_to_payment(
    request: HttpRequest, placed: Checkout, opening: payments.Opening | None = None
) -> HttpResponse:
    """Send the buyer to the provider's page; to the order's page when there is no way there."""
    if placed.state != "placed" or not placed.intent_id:
        return redirect("purchase", placed.access_token)
    try:
        if opening is not None and opening.attempt is not None:
            url = payments.start_opened(actor=actor(request), opening=opening)
        else:
            intent = get(Intent, placed.intent_id)
            url = payments.start_known(
                actor=actor(request),
                intent=intent,
                return_url=_return_url(request, intent.token),
                locale=get_language() or "en",
                context=payer_context(request, intent.provider),
            )
    except (PaymentClosed, PaymentInReview, ProviderRefused, ProviderUnreachable) as problem:
        # The order exists: its own page says how it stands and offers to pay again.
        if isinstance(problem, PaymentClosed):
            orders.expire_checkout(actor=actor(request), checkout_id=placed.pk)
        messages.error(request, str(problem.message))
        return redirect("purchase", placed.access_token)
    return redirect(url)


def _return_url(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("payment_return", args=[token]))
