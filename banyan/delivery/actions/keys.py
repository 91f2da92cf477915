"""The pools of licence keys: filled and emptied by the shop, taken from by payments."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_variant_for_staff
from banyan.catalog.actions import bring_home, count_all, stock_locks
from banyan.catalog.models import Stock, Variant
from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring, keys, seal, unseal
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.sweeps import sweep

from ..access import get_key_for_staff
from ..models import LicenceKey, Terms
from ..rules import LONGEST_KEY, MOST_KEYS, pasted_keys


def fingerprints(key: str) -> list[str]:
    """Return what tells a key that is here already, by each secret in use, the newest first."""
    return [hmac.digest(secret, key.encode(), "sha256").hex() for secret in keys(Ring.DELIVERY)]


def open_key(key: LicenceKey) -> str:
    """Return the key itself. For its buyer, and for :func:`show_key`."""
    return unseal(Ring.DELIVERY, key.sealed).decode()


def add_keys(*, actor: Actor, variant_id: int, text: str) -> int:
    """Add the keys of pasted lines (or a CSV file's first column) to a pool; returns how many.

    All or none: a key that occurs twice, or that this shop had before, is refused with its line
    number (Invalid ``keys_known``), a line that cannot be read, too (``keys_unreadable``). The
    stock grows by as many. Locks stock. For managers.
    """
    variant = get_variant_for_staff(actor, variant_id, MANAGERS)
    if not Terms.objects.filter(product_id=variant.product_id, way="keys").exists():
        raise Conflict(_("This product is not sold by licence keys."), code="not_by_keys")
    given = _checked(text)
    shop_id = variant.product.shop_id
    marks = {key: fingerprints(key) for _line, key in given}
    known = set(
        LicenceKey.objects.filter(
            shop_id=shop_id, fingerprint__in=[mark for found in marks.values() for mark in found]
        ).values_list("fingerprint", flat=True)
    )
    twice = [line for line, key in given if known & set(marks[key])]
    if twice:
        raise _known(twice)
    now = clock.now()
    rows = [
        LicenceKey(
            shop_id=shop_id,
            variant=variant,
            sealed=seal(Ring.DELIVERY, key.encode()),
            fingerprint=marks[key][0],
            added_at=now,
            changed_at=now,
        )
        for _line, key in given
    ]
    try:
        with transaction.atomic():
            locks.take(stock_locks([variant.pk]))
            LicenceKey.objects.bulk_create(rows, batch_size=500)
            match_stock([variant.pk])
    except IntegrityError as error:
        if "delivery_key_once" not in str(error):
            raise
        raise _known([]) from error
    return len(rows)


def _checked(text: str) -> list[tuple[int, str]]:
    """Return the keys, each with the line it stands on."""
    given, unread = pasted_keys(text)
    if unread:
        told = _("Some lines cannot be read: look at their quotation marks. Lines: %(lines)s")
        raise Invalid(code="keys_unreadable", **_lines(told, unread))
    if not given:
        raise Invalid(fields={"keys": _("Paste at least one key, one a line.")})
    if len(given) > MOST_KEYS:
        raise Invalid(fields={"keys": _("At most 5,000 keys at a time.")}, code="keys_too_many")
    if any(len(key) > LONGEST_KEY for _line, key in given):
        raise Invalid(fields={"keys": _("A key has at most 500 letters.")}, code="key_too_long")
    first: dict[str, int] = {}
    twice = [line for line, key in given if first.setdefault(key, line) != line]
    if twice:
        raise _known(twice)
    return given


def _known(lines: list[int]) -> Invalid:
    told = _("Some of these keys are here already. Nothing was added. Lines: %(lines)s")
    return Invalid(code="keys_known", **_lines(told, lines))


def _lines(told: Any, lines: list[int]) -> dict[str, Any]:
    """Return what a refusal says of ``lines``: the first twenty in words, all to programs."""
    shown = ", ".join(map(str, lines[:20])) or "?"
    return {
        "fields": {"keys": told % {"lines": shown}},
        "extra": {"lines": [str(line) for line in lines]},
    }


def withdraw_key(*, actor: Actor, key_id: int, reason: str) -> LicenceKey:
    """Take a key that nobody has out of its pool for good; repeatable, audited. Locks stock.

    The stock shrinks with it, but not below what is promised: whoever pays and finds no key is
    refunded. Raises Conflict ``key_taken`` for a sold one. For managers.
    """
    key = get_key_for_staff(actor, key_id)
    if not 1 <= len(reason.strip()) <= 200:
        raise Invalid(fields={"reason": _("Say why, in 1 to 200 letters.")})
    with transaction.atomic():
        locks.take(stock_locks([key.variant_id]))
        gone = LicenceKey.objects.filter(pk=key.pk, state="free").update(
            state="withdrawn", changed_at=clock.now()
        )
        key.refresh_from_db()
        if not gone and key.state != "withdrawn":
            raise Conflict(_("This key was sold already."), code="key_taken")
        if gone:
            match_stock([key.variant_id])
            _audit(actor, key, "key.withdraw", reason)
    return key


def show_key(*, actor: Actor, key_id: int, reason: str = "") -> str:
    """Return a key to a manager of its shop or to support; each look leaves an audit entry."""
    key = get_key_for_staff(actor, key_id)
    with transaction.atomic():
        _audit(actor, key, "key.view", reason)
        return open_key(key)


def _audit(actor: Actor, key: LicenceKey, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="licence_key",
        subject_id=key.pk,
        subject_label=f"{key.variant.product.title} #{key.pk}",
        reason=reason,
    )


def match_stock(variant_ids: Iterable[int]) -> None:
    """Let the stock of key variants be what their pools hold; their stock rows are locked.

    Keys lie nowhere else than in the shop. Never below what is promised to unpaid orders or kept
    for a sale: the payment finds out.
    """
    wanted = sorted(set(variant_ids))
    locks.require(*stock_locks(wanted))
    bring_home(wanted, reference="keys")
    free: dict[int, int] = dict(
        LicenceKey.objects.filter(variant_id__in=wanted)
        .values_list("variant_id")
        .annotate(free=Count("id", filter=Q(state="free")))
        .order_by()
    )
    counted = {
        stock.variant_id: max(stock.allocated + free.get(stock.variant_id, 0), stock.promised)
        for stock in Stock.objects.filter(variant_id__in=wanted)
    }
    count_all(counted, reference="keys")


_ASTRAY = """
SELECT s.variant_id FROM catalog_stock s
JOIN catalog_variant v ON v.id = s.variant_id
JOIN delivery_terms t ON t.product_id = v.product_id AND t.way = 'keys'
WHERE s.on_hand - s.allocated <> greatest(s.reserved + s.held,
  (SELECT count(*) FROM delivery_key k WHERE k.variant_id = s.variant_id AND k.state = 'free'))
"""


def mend_pools(*, actor: Actor) -> int:
    """Let stocks that say something else than their pools follow them; returns how many.

    Counted by hand, taken in from a file, or promised beyond a pool that shrank. Locks stock.
    """
    astray = Variant.objects.filter(pk__in=RawSQL(_ASTRAY, ()))  # noqa: S611 - our own text

    def mend(variant_id: int) -> int:
        with transaction.atomic():
            locks.take(stock_locks([variant_id]))
            match_stock([variant_id])
        return 1

    return sweep("delivery.pools", astray, mend)


def check_countable(variant_id: int) -> None:
    """Refuse a stock count of what is sold by keys: Conflict ``stock_of_pool``."""
    if Terms.objects.filter(product__variants=variant_id, way="keys").exists():
        raise Conflict(
            _("The stock of this is the number of its free keys: add or withdraw keys."),
            code="stock_of_pool",
        )


_TAKE = """
WITH free AS (
  SELECT id FROM delivery_key WHERE variant_id = %(variant)s AND state = 'free'
  ORDER BY id LIMIT %(n)s FOR UPDATE SKIP LOCKED
)
UPDATE delivery_key AS k SET state = 'taken', line_id = %(line)s, changed_at = %(now)s
FROM free WHERE k.id = free.id AND k.state = 'free'
RETURNING k.id
"""


def take_keys(*, variant_id: int, line_id: int, n: int) -> int:
    """Give up to ``n`` free keys to a line, in the caller's transaction; returns how many.

    One conditional statement: no key is ever given twice, and nobody waits for another's.
    """
    values: dict[str, Any] = {"variant": variant_id, "line": line_id, "n": n, "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return len(cursor.fetchall())
