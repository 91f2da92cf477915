"""How a product without a parcel is handed over: terms, its file, its pool of keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from banyan.catalog.access import MANAGERS, get_product_for_staff
from banyan.catalog.models import Product, Shop
from banyan.delivery import actions as delivery
from banyan.delivery.access import get_key_for_staff
from banyan.delivery.actions import WAYS, TermsInput
from banyan.delivery.models import LicenceKey, Terms
from banyan.delivery.queries import Given, called, file_of, given, keys_in, pool_counts, terms_of
from banyan.kernel.problems import Invalid, NotFound, Problem
from banyan.orders.access import get_order_for_staff
from banyan.orders.models import Order, OrderLine

from ..http import actor, number, pressed, private, signed_in
from ..shop.orders.delivered import voucher_state
from .room import page, refusal_of, shop_of
from .typed import Typed, moment_text

PAGE = 50
LARGEST_LIST = 2 * 1024 * 1024


def _product_of(request: HttpRequest, shop_slug: str, product_id: int) -> tuple[Shop, Product]:
    shop = shop_of(request, shop_slug, MANAGERS)
    product = get_product_for_staff(actor(request), product_id)
    if product.shop_id != shop.pk or product.kind not in WAYS:
        raise NotFound()
    return shop, product


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def handing_over(request: HttpRequest, shop_slug: str, product_id: int) -> HttpResponse:
    """Show how a product is handed over; on POST set its terms, file or keys (field ``do``)."""
    shop, product = _product_of(request, shop_slug, product_id)
    if request.method != "POST":
        return _page(request, shop, product)
    acts = {"": _set_terms, "file": _put_file, "keys": _add_keys}
    act = acts[pressed(request, *acts)]
    try:
        told = act(request, shop, product)
    except Problem as problem:
        return _page(request, shop, product, refusal_of(problem))
    messages.success(request, told)
    return redirect("studio_handing_over", shop.slug, product.pk)


def _set_terms(request: HttpRequest, shop: Shop, product: Product) -> str:
    typed = Typed(request.POST, shop.currency)
    downloads = typed.whole("downloads")
    days = typed.whole("valid_days")
    kept = terms_of([product.pk]).get(product.pk)
    starts = typed.moment("valid_from", shop.timezone, kept.valid_from if kept else None)
    ends = typed.moment("valid_until", shop.timezone, kept.valid_until if kept else None)
    typed.check()
    delivery.set_terms(
        actor=actor(request),
        product_id=product.pk,
        terms=TermsInput(
            way=typed.text("way") or WAYS[product.kind][0],
            downloads=5 if downloads is None else downloads,
            valid_from=starts,
            valid_until=ends,
            valid_days=days,
            places=typed.text("places"),
        ),
    )
    return _("Saved.")


def _put_file(request: HttpRequest, shop: Shop, product: Product) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(fields={"file": _("Choose a file.")})
    delivery.put_file(actor=actor(request), product_id=product.pk, file=file)
    return _("Buyers get this file from now on.")


def _add_keys(request: HttpRequest, shop: Shop, product: Product) -> str:
    text = request.POST.get("keys", "")
    file = request.FILES.get("keys_file")
    if file is not None:
        if (file.size or 0) > LARGEST_LIST:
            raise Invalid(fields={"keys": _("This list is too large: at most 2 MB.")})
        try:
            listed = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Invalid(fields={"keys": _("This is not a text file in UTF-8.")}) from error
        # A file alone keeps the numbers of its lines.
        text = f"{text}\n{listed}" if text.strip() else listed
    variants = product.variants.filter(is_active=True)
    wanted = number(request.POST, "variant")
    chosen = variants.filter(pk=wanted).first() if wanted else variants.first()
    if chosen is None:
        raise NotFound()
    n = delivery.add_keys(actor=actor(request), variant_id=chosen.pk, text=text)
    told = ngettext("%(n)s key is in the pool now.", "%(n)s keys are in the pool now.", n)
    return told % {"n": n}


def _page(
    request: HttpRequest, shop: Shop, product: Product, problem: Problem | None = None
) -> HttpResponse:
    terms = terms_of([product.pk]).get(product.pk)
    variants = list(product.variants.filter(is_active=True).select_related("stock"))
    counts = pool_counts(variant.pk for variant in variants)
    keys = keys_in((v.pk for v in variants), before=number(request.GET, "before"))
    file = file_of(product.pk)
    found = list(keys[: PAGE + 1]) if terms and terms.way == "keys" else []
    none = {"free": 0, "taken": 0, "withdrawn": 0}
    context: dict[str, Any] = {
        "product": product,
        "terms": terms,
        "ways": [(way, _way(way)) for way in WAYS[product.kind]],
        "values": request.POST if problem and "do" not in request.POST else _values(terms, shop),
        # Under a name that is no method of a form's.
        "typed": {name: request.POST.get(name, "") for name in ("variant", "keys")},
        "file": file,
        "size": filesizeformat(file.size) if file else "",
        "pools": [
            {
                "variant": variant,
                "name": " / ".join(variant.values) or product.title,
                "counts": counts.get(variant.pk, none),
            }
            for variant in variants
        ],
        "keys": [{"key": key, "state": _key_state(key)} for key in found[:PAGE]],
        "more_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return page(request, shop, "goods", "studio/handing_over.html", context, problem)


def _way(way: str) -> str:
    return {
        "file": _("A file to download"),
        "keys": _("A licence key out of a pool"),
        "voucher": _("A voucher that is redeemed on site"),
    }[way]


def _key_state(key: LicenceKey) -> str:
    return {"free": _("free"), "taken": _("sold"), "withdrawn": _("withdrawn")}[key.state]


def _values(terms: Terms | None, shop: Shop) -> dict[str, str]:
    if terms is None:
        return {"downloads": "5"}
    return {
        "way": terms.way,
        "downloads": str(terms.downloads),
        "valid_days": "" if terms.valid_days is None else str(terms.valid_days),
        "valid_from": moment_text(terms.valid_from, shop.timezone),
        "valid_until": moment_text(terms.valid_until, shop.timezone),
        "places": terms.places,
    }


@require_POST
@private
@signed_in
def key(request: HttpRequest, shop_slug: str, key_id: int) -> HttpResponse:
    """Look at a key, which is noted; or with ``do=withdraw`` take it out of its pool."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = get_key_for_staff(actor(request), key_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    product = found.variant.product
    if pressed(request, "", "withdraw") != "withdraw":
        context = {
            "product": product,
            "key": found,
            "shown": delivery.show_key(actor=actor(request), key_id=found.pk),
        }
        return page(request, shop, "goods", "studio/key.html", context)
    try:
        delivery.withdraw_key(
            actor=actor(request), key_id=found.pk, reason=request.POST.get("reason", "")
        )
    except Problem as problem:
        return _page(request, shop, product, refusal_of(problem))
    messages.success(request, _("The key is out of the pool."))
    return redirect("studio_handing_over", shop.slug, product.pk)


def given_rows(order: Order, lines: Iterable[OrderLine]) -> list[dict[str, Any]]:
    """Return what an order's lines without a parcel gave, as its page in the studio draws it."""
    wanted = {line.pk: line for line in lines if line.kind in WAYS}
    return [
        {
            "title": wanted[line_id].title,
            "given": found,
            "more_url": reverse(
                "studio_allow_more", args=[order.shop.slug, order.pk, found.grant.pk]
            )
            if found.grant
            else "",
            "vouchers": [
                {
                    "voucher": voucher,
                    "state": voucher_state(voucher.state),
                    "by": called(voucher.redeemed_by),
                }
                for voucher in found.vouchers
            ],
        }
        for line_id, found in given(wanted).items()
    ]


@require_POST
@private
@signed_in
def allow_more(request: HttpRequest, shop_slug: str, order_id: int, grant_id: int) -> HttpResponse:
    """Let a buyer fetch a file once more."""
    shop = shop_of(request, shop_slug, MANAGERS)
    order = get_order_for_staff(actor(request), order_id)
    grants = {found.grant.pk for found in _given_of(order) if found.grant}
    if order.shop_id != shop.pk or grant_id not in grants:
        raise NotFound()
    delivery.allow_more(actor=actor(request), grant_id=grant_id, more=1)
    messages.success(request, _("The buyer can fetch it once more."))
    return redirect("studio_order", shop.slug, order.pk)


def _given_of(order: Order) -> Iterable[Given]:
    return given(order.lines.values_list("id", flat=True)).values()
