"""Coupons from before there were rules become coupons of rules, and lose nothing on the way."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, PersonUse, Redemption
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.usefixtures("threaded_db")

EMPTIED = """
UPDATE entitlements_coupon SET benefits = '[]', conditions = '[]', budget_used = 0;
UPDATE entitlements_redemption SET terms = '{}', code = '';
DELETE FROM entitlements_personuse;
"""
GONE = """
ALTER TABLE entitlements_coupon
  DROP COLUMN IF EXISTS amount_off, DROP COLUMN IF EXISTS percent_bps,
  DROP COLUMN IF EXISTS min_spend
"""


def rows() -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = list(
        Coupon.objects.order_by("pk").values_list("benefits", "conditions", "budget_used", "taken")
    )
    found += Redemption.objects.order_by("pk").values_list("terms", "code", "state")
    return found


def test_old_coupons_and_their_uses_are_carried_over() -> None:
    shop = make.shop()
    item, owner = make.variant(shop, stock=20), make.actor(shop.owner)
    old: dict[str, dict[str, Any]] = {
        "AMOUNT": {"amount_off": 700, "min_spend": 500},
        "PERCENT": {"percent_bps": 1_250},
    }
    for code, terms in old.items():
        coupons.create_coupon(actor=owner, shop_id=shop.pk, title=code, code=code, cap=9, **terms)
    make.pay(make.place((item, 1), coupon="AMOUNT", email="cy@example.com"))
    gone = make.place((item, 1), coupon="PERCENT")
    make.place((item, 1), coupon="PERCENT")
    orders.cancel_checkout(actor=Actor.guest(), checkout_id=gone.pk, access_token=gone.access_token)
    before = rows()

    carried = import_module("banyan.entitlements.migrations.0002_coupon_terms")
    dropped = import_module("banyan.entitlements.migrations.0003_coupon_checks")
    try:
        with connection.cursor() as cursor:
            for sql in (dropped.BACK, EMPTIED, carried.TERMS, carried.USES, carried.PERSONS):
                cursor.execute(sql)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(GONE)

    assert rows() == before
    # One key for each use that counts; whoever had theirs has had it.
    assert PersonUse.objects.count() == 2
    assert recount() == {}
    with pytest.raises(coupons.CouponRefused, match="coupon_used_by_you"):
        make.place((item, 1), coupon="AMOUNT", email="cy@example.com")


def test_the_tables_are_what_the_migrations_say() -> None:
    call_command("makemigrations", "entitlements", check=True, dry_run=True, verbosity=0)
