"""A shop's price lists. For its managers; a change holds from the next quote on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import is_currency
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.people.queries import accounts_called

from ..access import MANAGERS, get_price_list_for_staff, get_shop_for_staff
from ..models import ListPrice, PriceList, PriceListAccount, Variant
from ..rules import AUDIENCES
from .acts import note_act
from .prices import record_list_prices
from .rows import lock_row

LARGEST = 10**12
MOST_LISTS = 100
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInput:
    """A price list, see ``models.PriceList``; ``handles`` are for the audience "accounts"."""

    name: str
    currency: str
    audience: str = "everyone"
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    handles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RowInput:
    """What one unit of a variant costs from ``min_quantity`` on, in minor units."""

    variant_id: int
    amount: int
    min_quantity: int = 1


def save_price_list(
    *, actor: Actor, shop_id: int, data: ListInput, list_id: int | None = None
) -> PriceList:
    """Make a list of the shop, or change ``list_id``; its currency stays. Raises Invalid."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    found = PriceList(shop=shop, currency=data.currency, created_at=clock.now())
    if list_id is not None:
        found = get_price_list_for_staff(actor, shop_id, list_id)
    elif PriceList.objects.filter(shop=shop).count() >= MOST_LISTS:
        raise Invalid(_("A shop has at most 100 price lists."), code="too_many_lists")
    accounts = _check(data, found)
    held = (found.audience, found.starts_at, found.ends_at)
    found.name, found.audience = data.name.strip(), data.audience
    found.starts_at, found.ends_at = data.starts_at, data.ends_at
    try:
        with transaction.atomic():
            lock_row(found)
            if list_id is not None and held != (found.audience, found.starts_at, found.ends_at):
                record_list_prices(list_id)
            found.save()
            found.accounts.all().delete()
            PriceListAccount.objects.bulk_create(
                PriceListAccount(price_list=found, account_id=account) for account in accounts
            )
            named = sorted({f"@{handle.removeprefix('@')}" for handle in data.handles})
            whom = ", ".join(named) if accounts else ""
            note_act(actor, shop_id, "price_list.change", found.name, change=whom)
    except IntegrityError as error:
        if "name_once" in str(error):
            raise Invalid(fields={"name": _("There is one of this name already.")}) from error
        raise
    return found


def _check(data: ListInput, found: PriceList) -> list[int]:
    """Return the ids of the accounts; raise Invalid with all that is wrong."""
    fields: dict[str, Any] = {}
    if not 1 <= len(data.name.strip()) <= 80:
        fields["name"] = _("Give it a name of 1 to 80 letters.")
    if not is_currency(data.currency) or data.currency != found.currency:
        fields["currency"] = _("This is not a currency of the list.")
    if data.audience not in AUDIENCES:
        fields["audience"] = _("Choose who the list is for.")
    if data.starts_at and data.ends_at and data.starts_at >= data.ends_at:
        fields["ends_at"] = _("The end is after the start.")
    known = accounts_called(data.handles)
    if missing := sorted(handle for handle, account_id in known.items() if account_id is None):
        fields["handles"] = _("Nobody here is called %(names)s.") % {"names": ", ".join(missing)}
    if fields:
        raise Invalid(fields=fields)
    chosen = known.values() if data.audience == "accounts" else ()
    return [account_id for account_id in chosen if account_id is not None]


def set_list_prices(
    *, actor: Actor, shop_id: int, list_id: int, rows: Sequence[RowInput]
) -> PriceList:
    """Have exactly these prices on a list; repeatable. Raises Invalid for foreign variants."""
    found = get_price_list_for_staff(actor, shop_id, list_id)
    wrong = any(not (0 <= row.amount <= LARGEST and 1 <= row.min_quantity <= 99) for row in rows)
    keys = {(row.variant_id, row.min_quantity) for row in rows}
    if wrong or len(keys) != len(rows) or len(rows) > MOST_ROWS:
        raise Invalid(
            fields={"rows": _("Each variant has one price for each quantity from 1 to 99.")}
        )
    variants = {row.variant_id for row in rows}
    mine = Variant.objects.filter(pk__in=variants, product__shop_id=found.shop_id)
    if mine.count() != len(variants):
        raise Invalid(fields={"rows": _("Not all of these are goods of this shop.")})
    with transaction.atomic():
        lock_row(found)
        asked = {row.variant_id: row.amount for row in rows if row.min_quantity == 1}
        before = found.prices.filter(min_quantity=1).values_list("variant_id", "amount")
        gone = [pk for pk, amount in before if pk not in asked or asked[pk] > amount]
        record_list_prices(found.pk, gone)
        found.prices.all().delete()
        ListPrice.objects.bulk_create(
            ListPrice(
                price_list=found,
                variant_id=row.variant_id,
                min_quantity=row.min_quantity,
                amount=row.amount,
            )
            for row in rows
        )
        note_act(actor, shop_id, "price_list.change", found.name)
    return found


def remove_price_list(*, actor: Actor, shop_id: int, list_id: int) -> None:
    """Take a list away; orders keep what they were placed with."""
    found = get_price_list_for_staff(actor, shop_id, list_id)
    with transaction.atomic():
        lock_row(found)
        record_list_prices(found.pk)
        note_act(actor, shop_id, "price_list.remove", found.name)
        found.delete()
