"""Every button: with and without a reason, by the wrong role, twice, and from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Category
from banyan.earnings.models import PayoutBatch, PayoutItem
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon
from banyan.kernel import relay
from banyan.kernel.models import AuditEntry
from banyan.kernel.office import OfficeAdmin
from banyan.ledger.models import Journal
from banyan.notify.models import Notification
from banyan.people.models import Account
from tests.support import factories as make

from .cases import CASES, COUPON, LIST_CASES, payable, pending_shop
from .scene import act_url, as_staff, name_of, tables

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "hand", "wallet"]


def _named(which: str) -> set[tuple[str, str]]:
    found = set()
    for model in tables():
        office = admin.site.get_model_admin(model)
        assert isinstance(office, OfficeAdmin)
        for act in getattr(office, which):
            found.add((f"{model._meta.app_label}_{model._meta.model_name}", act.name))
    return found


def test_every_button_of_the_desk_is_tried_here() -> None:
    assert _named("acts") == set(CASES)
    assert _named("list_acts") == set(LIST_CASES)


@pytest.mark.parametrize("key", CASES, ids="-".join)
def test_a_button_asks_for_a_reason_and_then_does_it_once(key: tuple[str, str]) -> None:
    case = CASES[key]
    row = case.row()
    url, client = act_url(row, key[1]), as_staff(case.roles[0])
    before = case.state(row)

    page = client.get(url)
    assert page.status_code == 200
    assert case.state(row) == before, "looking changes nothing"

    refused = client.post(url, {**case.answers, "reason": "   "})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    for typed in case.answers.values():
        assert typed in refused.content.decode(), "what was typed is kept"
    assert case.state(row) == before
    assert not AuditEntry.objects.filter(action=case.audited, reason="because").exists()

    data = {**case.answers, "reason": "because", "token": "t0ken"}
    assert client.post(url, data).status_code == case.told
    after = case.state(row)
    assert after != before
    entry = AuditEntry.objects.get(action=case.audited, reason="because")
    assert entry.actor_id == int(client.session["_auth_user_id"])

    again = client.post(url, data)
    assert again.status_code in {case.told, 302, 404, 409, 422}
    if key != ("kernel_flag", "turn"):  # a switch that is pressed twice is back where it was
        assert case.state(row) == after, "a double click has one effect"
    assert "because" in as_staff("owner").get("/desk/audit/").content.decode()


@pytest.mark.parametrize("key", CASES, ids="-".join)
def test_what_is_far_too_long_is_no_error_of_ours(key: tuple[str, str]) -> None:
    case = CASES[key]
    url, client = act_url(case.row(), key[1]), as_staff(case.roles[0])
    for name in case.answers:
        data = {**case.answers, name: "9" * 5_000, "reason": "because", "token": name}
        assert client.post(url, data).status_code in {302, 409, 422}, name
    told = client.post(url, {**case.answers, "reason": "x" * 5_000, "token": "t"})
    assert told.status_code in {case.told, 302, 409, 422}


@pytest.mark.parametrize("key", CASES, ids="-".join)
def test_a_button_is_not_there_for_other_roles(key: tuple[str, str]) -> None:
    case = CASES[key]
    row = case.row()
    url, before = act_url(row, key[1]), case.state(row)
    data = {**case.answers, "reason": "because", "token": "t"}
    others = {"support", "finance", "moderation"} - set(case.roles)
    for role in sorted(others):
        client = as_staff(role)
        assert client.post(url, data).status_code == 404, role
        page = client.get(reverse(name_of(type(row), "change"), args=[row.pk]))
        assert url not in page.content.decode()
    member = Client()
    member.force_login(make.member())
    assert member.post(url, data).status_code == 404
    assert Client().post(url, data).status_code == 302
    assert case.state(row) == before
    assert not AuditEntry.objects.filter(reason="because").exists()


@pytest.mark.parametrize("key", LIST_CASES, ids="-".join)
def test_a_button_of_a_list_asks_for_a_reason_too(key: tuple[str, str]) -> None:
    case = LIST_CASES[key]
    case.before()
    url = reverse(f"admin:{key[0]}_list_act", args=[key[1]])
    presser, data = as_staff(case.role), {**case.answers, "reason": "because"}

    assert presser.get(url).status_code == 200
    assert presser.post(url, {**case.answers, "reason": ""}).status_code == 422
    assert not AuditEntry.objects.filter(action=case.audited).exists()
    for other in sorted({"support", "finance", "moderation"} - {case.role}):
        assert as_staff(other).post(url, data).status_code == 404, other
    assert not AuditEntry.objects.filter(action=case.audited).exists()

    assert presser.post(url, data).status_code == 302
    assert AuditEntry.objects.get(action=case.audited).reason == "because"


def test_a_category_is_added_once_with_what_was_typed() -> None:
    url = reverse("admin:catalog_category_list_act", args=["add"])
    browser = as_staff("moderation")
    data = {"slug": "Cups", "name_en": "Cups", "name_zh-hans": "杯子", "position": "3"}
    data["reason"] = "because"
    assert browser.post(url, data).status_code == 302
    made = Category.objects.get()
    assert (made.slug, made.names, made.position) == ("cups", {"en": "Cups", "zh-hans": "杯子"}, 3)

    again = browser.post(url, data)
    assert (again.status_code, Category.objects.count()) == (422, 1)
    assert "This address is taken." in again.content.decode()
    for wrong in ({"name_en": ""}, {"position": "first"}, {"slug": "Two words"}):
        answer = browser.post(url, {**data, "slug": "bowls", **wrong})
        assert (answer.status_code, Category.objects.count()) == (422, 1), wrong


def test_a_coupon_of_the_platform_is_made_once_and_used_at_checkout() -> None:
    url = reverse("admin:entitlements_coupon_list_act", args=["add"])
    browser, data = as_staff("finance"), {**COUPON, "reason": "because"}
    wrong = {
        "currency": "yuan", "percent_bps": "ten", "min_spend": "-5", "cap": "many", "title": "",
        "ends_at": "tomorrow", "budget": "1e999", "stacking": "shop", "amount_off": "3",
    }  # fmt: skip
    for name, typed in wrong.items():
        answer = browser.post(url, {**data, name: typed})
        assert (answer.status_code, Coupon.objects.count()) == (422, 0), name
    for year in ("9999-12-31T23:59", "0001-01-01T00:00"):
        answer = browser.post(url, {**data, "ends_at": year})
        assert (answer.status_code, Coupon.objects.count()) == (422, 0), year

    assert browser.post(url, data).status_code == 302
    assert browser.post(url, data).status_code == 422, "pressed twice"
    free = {**COUPON, "title": "Post", "code": "", "percent_bps": "", "stacking": "shipping"}
    assert browser.post(url, {**free, "reach": "auto", "reason": "because"}).status_code == 302

    item = make.variant(make.shop(shipping_amount=900), price=20_000)
    checkout = make.place((item, 1), coupon="us")
    assert (checkout.discount_amount, checkout.total_amount) == (2_500, 17_500)
    made = Coupon.objects.get(code="US")
    assert made.shop is None
    assert (made.budget, made.per_person) == (500_000, 2)
    page = browser.get("/desk/coupons/").content.decode()
    assert "12.5% off" in page
    shops = coupons.create_coupon(
        actor=make.actor(item.product.shop.owner),
        shop_id=item.product.shop_id,
        title="Only theirs",
        amount_off=1,
    )
    assert "Only theirs" not in browser.get("/desk/coupons/").content.decode()
    assert browser.get(f"/desk/coupons/{shops.pk}/").status_code == 404
    assert browser.post(act_url(shops, "pause"), {"reason": "because"}).status_code == 404


def test_drafting_twice_makes_one_batch() -> None:
    payable()
    url = reverse("admin:earnings_payoutbatch_list_act", args=["draft"])
    client = as_staff("finance")

    first = client.post(url, {"reason": "because"})
    second = client.post(url, {"reason": "because"})

    assert first.status_code == 302
    assert second.status_code in {409, 422}
    assert PayoutBatch.objects.count() == 1
    assert PayoutItem.objects.count() == 1


def test_a_form_from_elsewhere_is_refused_and_does_nothing() -> None:
    shop = pending_shop()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.staff("owner"))

    answer = client.post(act_url(shop, "approve"), {"reason": "because"})

    assert answer.status_code == 403
    shop.refresh_from_db()
    assert shop.state == "pending"
    assert not AuditEntry.objects.exists()


def test_a_merchant_is_told_and_reads_the_reason() -> None:
    shop = pending_shop()
    as_staff("moderation").post(act_url(shop, "refuse"), {"reason": "No address on the imprint"})
    relay.drain()

    merchant = Client()
    merchant.force_login(shop.owner)
    assert Notification.objects.filter(recipient=shop.owner, kind="shop.refused").exists()
    told = merchant.get("/notifications").content.decode()
    assert "No address on the imprint" in told
    studio = merchant.get(f"/studio/{shop.slug}/").content.decode()
    assert "No address on the imprint" in studio

    asked = merchant.post(f"/studio/{shop.slug}/ask-again")
    assert asked.status_code == 302
    shop.refresh_from_db()
    assert shop.state == "pending"


def test_who_prepared_and_who_approved_stand_side_by_side() -> None:
    payable()
    preparer, approver = make.staff("finance"), make.staff("finance")
    first, second = Client(), Client()
    first.force_login(preparer)
    second.force_login(approver)
    first.post(
        reverse("admin:earnings_payoutbatch_list_act", args=["draft"]), {"reason": "the month"}
    )
    batch = PayoutBatch.objects.get()
    second.post(act_url(batch, "approve"), {"reason": "looked through", "provider": "sandbox"})

    page = first.get(f"/desk/payouts/{batch.pk}/").content.decode()
    assert f"@{preparer.handle}" in page
    assert f"@{approver.handle}" in page
    assert "looked through" in page
    assert Journal.objects.filter(kind="payout.requested").count() == 1


def test_nobody_approves_what_they_prepared_where_two_are_wanted(settings: Any) -> None:
    settings.PAYOUTS_BY_TWO = True
    payable()
    preparer, other = Client(), Client()
    preparer.force_login(make.staff("finance"))
    other.force_login(make.staff("finance"))
    url = reverse("admin:earnings_payoutbatch_list_act", args=["draft"])
    preparer.post(url, {"reason": "the month"})
    batch = PayoutBatch.objects.get()
    answers = {"reason": "looked through", "provider": "sandbox"}

    refused = preparer.post(act_url(batch, "approve"), answers)
    assert refused.status_code == 409
    assert "You prepared it" in refused.content.decode()
    assert PayoutBatch.objects.get().state == "draft"
    assert other.post(act_url(batch, "approve"), answers).status_code == 302
    assert PayoutBatch.objects.get().state == "submitted"


def test_people_are_found_by_the_end_of_their_phone() -> None:
    Account.objects.filter(pk=make.member("ana").pk).update(phone="+8613900004321")
    make.member("ben")
    client = as_staff("support")

    page = client.get("/desk/people/?q=4321").content.decode()
    assert "ana" in page
    assert "+8613900004321" in page
    assert ">ben<" not in page
