"""Who waited for goods before reminders were one table waits on, with the same link."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from banyan.catalog import actions as catalog
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.notify import actions as notify
from banyan.notify.models import Message, Reminder
from tests.support import factories as make

pytestmark = pytest.mark.django_db
ROW = (
    "INSERT INTO catalog_stockwish"
    " (variant_id, account_id, email, language, token, created_at, told_at)"
    " VALUES (%s, %s, %s, 'en', %s, %s, %s)"
)


def test_wishes_of_before_wait_on_and_told_ones_keep_no_address() -> None:
    move = import_module("banyan.catalog.migrations.0016_wishes_are_reminders")
    item, ana, now = make.variant(stock=0), make.member(), clock.now()
    with connection.cursor() as cursor:
        cursor.execute(move.CREATE)
        cursor.execute(ROW, [item.pk, ana.pk, "", "t1", now, None])
        cursor.execute(ROW, [item.pk, None, "B@example.com", "t2", now, None])
        cursor.execute(ROW, [item.pk, None, "c@example.com", "t3", now, now])
        cursor.execute(move.MOVE)

    rows = {row.token: row for row in Reminder.objects.all()}
    assert (rows["t1"].channel, rows["t1"].account_id) == ("page", ana.pk)
    assert rows["t2"].destination == "b@example.com"
    assert rows["t3"].destination == ""
    assert rows["t3"].told_at is not None
    same = notify.remind(
        actor=Actor.guest(), kind="stock.back", subject_id=item.pk, contact="b@example.com"
    )
    assert same.token == "t2", "its mark is the one that is made today"

    owner = make.actor(item.product.shop.owner)
    catalog.set_on_hand(actor=owner, variant_id=item.pk, on_hand=5)
    assert catalog.tell_back_in_stock() == 2
    assert Message.objects.get().destination == "b@example.com"
    assert notify.stop(token="t3")
    with pytest.raises(Conflict):
        notify.remind(
            actor=Actor.guest(),
            kind="stock.back",
            subject_id=make.variant(stock=0).pk,
            contact="c@example.com",
        )
