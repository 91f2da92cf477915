"""The shop sees which members have a price of their own, and takes one back with a reason."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.entitlements.actions import withdraw_price_right
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.notify.models import Notification
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def test_a_price_is_listed_and_taken_back_with_a_reason_that_its_owner_reads() -> None:
    item, ana = make.variant(price=10_000), make.member("ana")
    shop = item.product.shop
    owner, url = client(shop.owner), reverse("studio_price_rights", args=[shop.slug])
    assert "Nobody has a price of their own here yet" in owner.get(url).content.decode()
    right = make.right(ana, item, 4_000, title="Bargain of bowls")
    make.right(ana, make.variant(), 1_000, title="Of another shop")
    html = owner.get(url).content.decode()
    assert not Page(html).faults
    assert "Ana" in html
    assert "1 for CN¥40.00" in html
    assert "Of another shop" not in html

    act = reverse("studio_price_right_withdraw", args=[shop.slug, right.pk])
    assert owner.post(act, {"reason": " "}).status_code == 422
    assert not Notification.objects.exists()
    assert owner.post(act, {"reason": "The bowls broke"}).status_code == 302
    right.refresh_from_db()
    assert right.state == "revoked"
    told = Notification.objects.get(recipient=ana)
    assert (told.kind, told.data["reason"]) == ("price.withdrawn", "The bowls broke")
    assert AuditEntry.objects.get(action="price_right.withdraw").reason == "The bowls broke"
    assert owner.post(act, {"reason": "Again"}).status_code == 302
    assert Notification.objects.get().n == 1, "repeated, it changes nothing"
    again = owner.get(url).content.decode()
    assert "Taken back" in again
    assert act not in again


def test_what_an_order_has_or_what_is_over_is_not_taken_back() -> None:
    item, ana = make.variant(price=10_000), make.member("ana")
    owner = make.actor(item.product.shop.owner)
    used = make.right(ana, item, 4_000)
    make.place((item, 1), buyer=ana)
    used.refresh_from_db()
    assert used.state == "reserved"
    with pytest.raises(Conflict) as refused:
        withdraw_price_right(actor=owner, right_id=used.pk, reason="No")
    assert refused.value.code == "right_used"
    free = make.right(make.member(), item, 4_000)
    with pytest.raises(NotFound):
        withdraw_price_right(actor=make.actor(ana), right_id=free.pk, reason="Mine")
    with pytest.raises(Invalid):
        withdraw_price_right(actor=owner, right_id=free.pk, reason="x" * 201)
    free.refresh_from_db()
    assert (free.state, Notification.objects.exists()) == ("held", False)
