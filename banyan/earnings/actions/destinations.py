"""Where money goes that is paid by hand: said, changed, taken away by members and shops' owners."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from banyan.catalog.access import get_shop_for_staff
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel import audit, clock, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import BadSeal, Ring, seal, unseal
from banyan.kernel.problems import Invalid
from banyan.people.access import get_own_account
from banyan.people.models import Account

from ..models import Destination
from ..rules import LONGEST_DESTINATION, one_line
from ..telling import write_of_change, write_to_owners

CHANGES_A_DAY = 10
OWNER = ("owner",)


def told(sealed: bytes | memoryview) -> dict[str, str] | None:
    """Return {"name", "account"} of what is kept; None where its secret is gone.

    For payouts, and for the payee's own pages and export.
    """
    try:
        found: dict[str, str] = json.loads(unseal(Ring.PAYOUTS, sealed))
    except BadSeal:
        return None
    return found


def places_of(account_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return name and account of those members who have said where, by member. One statement."""
    rows = Destination.objects.filter(account_id__in=account_ids)
    found = {row.account_id: told(row.sealed) for row in rows}
    return {account_id: place for account_id, place in found.items() if account_id and place}


def places_of_shops(shop_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return name and account of those shops whose owner has said where. One statement.

    The word of somebody who is none of its owners any more does not count.
    """
    rows = Destination.objects.filter(_by_an_owner(), shop_id__in=shop_ids)
    found = {row.shop_id: told(row.sealed) for row in rows}
    return {shop_id: place for shop_id, place in found.items() if shop_id and place}


def set_destination(*, actor: Actor, name: str, account: str) -> Destination:
    """Say where one's own earnings go: the name on the account, and the account. Sealed, audited.

    Each is one line of 1 to 200 letters (Invalid ``name``, ``account``). A change is told to the
    member's contact by a letter; the same words again change nothing. Raises TooMany after ten a
    day. Payouts that are under way go where they were sent to.
    """
    owner = get_own_account(actor)
    given = _given(name, account)
    ratelimits.hit(f"earnings.destination:{owner.pk}", CHANGES_A_DAY, 86_400)
    with transaction.atomic():
        _one_at_a_time(owner)
        row = Destination.objects.filter(account=owner).first()
        if row is not None and told(row.sealed) == given:
            return row
        row, _made = Destination.objects.update_or_create(account=owner, defaults=_sealed(given))
        _note(actor, owner, "payout_destination.change")
        write_of_change(owner, "earnings.destination")
    return row


def remove_destination(*, actor: Actor) -> None:
    """Take away where one's own earnings go; told by a letter, too. Repeatable, audited."""
    owner = get_own_account(actor)
    with transaction.atomic():
        _one_at_a_time(owner)
        gone, _rows = Destination.objects.filter(account=owner).delete()
        if gone:
            _note(actor, owner, "payout_destination.remove")
            write_of_change(owner, "earnings.destination_gone")


def set_shop_destination(*, actor: Actor, shop_id: int, name: str, account: str) -> Destination:
    """Say where the money of one's shop goes; for its owners alone. Sealed, audited.

    Words, limits and what is under way as for :func:`set_destination`. A change is told to every
    owner by a letter, and to managers on their notices. Raises NotFound for all others.
    """
    shop = get_shop_for_staff(actor, shop_id, OWNER)
    given = _given(name, account)
    ratelimits.hit(f"earnings.shop_destination:{shop.pk}", CHANGES_A_DAY, 86_400)
    with transaction.atomic():
        _one_at_a_time(shop)
        row = Destination.objects.filter(shop=shop).first()
        if row is not None and told(row.sealed) == given and row.said_by_id == actor.id:
            return row
        values = {**_sealed(given), "said_by_id": actor.id}
        row, _made = Destination.objects.update_or_create(shop=shop, defaults=values)
        _note(actor, shop, "shop_destination.change")
        write_to_owners(actor, shop, "shop.destination")
    return row


def remove_shop_destination(*, actor: Actor, shop_id: int) -> None:
    """Take away where the money of one's shop goes; for its owners. Told, repeatable, audited."""
    shop = get_shop_for_staff(actor, shop_id, OWNER)
    with transaction.atomic():
        _one_at_a_time(shop)
        gone, _rows = Destination.objects.filter(shop=shop).delete()
        if gone:
            _note(actor, shop, "shop_destination.remove")
            write_to_owners(actor, shop, "shop.destination_gone")


def forget_former_owners() -> int:
    """Delete what people said of shops that they own no more; it counts no more. Returns how many.

    Repeatable; passes over rows that somebody changes just now.
    """
    former = Destination.objects.filter(~_by_an_owner(), shop__isnull=False)
    with transaction.atomic():
        rows = former.select_for_update(skip_locked=True, of=("self",))
        return Destination.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]


def _by_an_owner() -> Exists:
    seats = ShopStaff.objects.filter(
        shop_id=OuterRef("shop_id"), account_id=OuterRef("said_by_id"), role__in=OWNER
    )
    return Exists(seats)


def _given(name: str, account: str) -> dict[str, str]:
    given = {"name": one_line(name), "account": one_line(account)}
    wrong = {
        field: _("Enter one line of 1 to %(n)d letters.") % {"n": LONGEST_DESTINATION}
        for field, text in given.items()
        if not text
    }
    if wrong:
        raise Invalid(fields=wrong)
    return given


def _sealed(given: dict[str, str]) -> dict[str, Any]:
    return {"sealed": seal(Ring.PAYOUTS, json.dumps(given).encode()), "changed_at": clock.now()}


def _one_at_a_time(owner: Account | Shop) -> None:
    """Let two changes of one payee come one after the other, each with its letter."""
    type(owner)._base_manager.select_for_update(no_key=True).get(pk=owner.pk)


def _note(actor: Actor, owner: Account | Shop, act: str) -> None:
    is_shop = isinstance(owner, Shop)
    audit.record(
        actor=actor,
        action=act,
        subject_kind="shop" if is_shop else "account",
        subject_id=owner.pk,
        subject_label=owner.name if isinstance(owner, Shop) else f"@{owner.handle}",
    )
