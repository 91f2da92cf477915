"""Legal texts: samples first, versions that never change, asked once when a newer one asks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired
from banyan.legal import actions as legal
from banyan.legal import rules
from banyan.legal.models import Acceptance, LegalText
from banyan.legal.queries import current, to_accept
from banyan.people import actions as people
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def published(body: str = "Be kind.", **values: object) -> LegalText:
    defaults: dict[str, object] = {
        "kind": "terms", "language": "en", "changes": "", "asks": True, "reason": "test",
    }  # fmt: skip
    return legal.publish_text(actor=SYSTEM, body=body, **{**defaults, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", rules.KINDS)
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_kind_has_a_sample_that_says_so_and_names_the_operator(
    kind: str, language: str
) -> None:
    text = rules.sample(kind, language, {"operator": "Tea House", "site": "x", "address": "y"})
    first = rules.paragraphs(text)[0]
    assert "Tea House" in first
    assert ("SAMPLE" in first) or ("示例" in first)
    if language != "en":
        assert "SAMPLE" not in text
    page = Client().get(f"/legal/{kind}").content.decode()
    assert "This is a sample text" in page


def test_a_version_replaces_the_sample_and_shows_what_changed() -> None:
    published("Be kind.\n\nPay in time.")
    published("Be kind.\n\nPay within a week.", changes="More time to pay.")
    page = Client().get("/legal/terms").content.decode()
    assert "Pay within a week." in page
    assert "More time to pay." in page
    assert "sample" not in page
    changed = Client().get("/legal/terms/2").content.decode()
    assert "<del>Pay in time.</del>" in changed
    assert "<ins>Pay within a week.</ins>" in changed
    assert "<p>Be kind.</p>" in changed
    assert Client().get("/legal/terms/3").status_code == 404
    assert Client().get("/legal/nonsense").status_code == 404


def test_only_the_owner_publishes_and_each_language_of_a_version_once() -> None:
    with pytest.raises(Forbidden):
        legal.publish_text(
            actor=make.actor(make.staff("moderation")), kind="terms", language="en", body="x",
            changes="", asks=True, reason="x",
        )  # fmt: skip
    first = published()
    assert published("请友善。", language="zh-hans", version=1).version == first.version
    assert current("terms", "zh-hans").body == "请友善。"
    assert current("terms", "zh-hant").body == "Be kind.", "another language is better than none"
    with pytest.raises(Conflict):
        published("Other", version=1)
    with pytest.raises(Invalid):
        published("Other", version=5)
    assert AuditEntry.objects.filter(action="legal_text.publish").count() == 2


def test_a_text_for_later_is_not_in_force_yet() -> None:
    published("Now.")
    published("Next month.", effective_at=clock.now() + dt.timedelta(days=30))
    assert current("terms", "en").body == "Now."
    with clock.at(clock.now() + dt.timedelta(days=30)):
        assert current("terms", "en").body == "Next month."


def test_a_member_is_asked_once_when_a_newer_version_demands_it() -> None:
    ana = people.create_account(actor=SYSTEM, contact=None, handle="anawrites")
    relay.drain()
    assert set(Acceptance.objects.filter(account=ana).values_list("kind", "version")) == {
        ("terms", 0), ("privacy", 0),
    }  # fmt: skip
    assert to_accept(ana.pk, rules.MEMBERS) == []
    published()
    assert to_accept(ana.pk, rules.MEMBERS) == ["terms"]
    browser = Client()
    browser.force_login(ana)
    assert "/legal/agree" in browser.get("/me").content.decode()
    assert browser.get("/login/done?next=/explore").headers["location"] == (
        "/legal/agree?next=%2Fexplore"
    )
    assert "Terms of use" in browser.get("/legal/agree").content.decode()
    assert browser.post("/legal/agree", {"next": "/explore"}).headers["location"] == "/explore"
    assert to_accept(ana.pk, rules.MEMBERS) == []
    assert "/legal/agree" not in browser.get("/me").content.decode()
    published("Be kind!", asks=False, changes="A sign.")
    assert to_accept(ana.pk, rules.MEMBERS) == [], "this one asks nobody"


def test_merchants_agree_by_opening_a_shop_and_guests_by_buying() -> None:
    published("Merchants.", kind="merchant")
    shop = make.shop()
    kinds = Acceptance.objects.filter(account=shop.owner).values_list("kind", "version")
    assert {("merchant", 1), ("fees", 0)} <= set(kinds)
    checkout = make.place((make.variant(), 1))
    relay.drain()
    relay.drain()
    agreed = Acceptance.objects.filter(checkout_id=checkout.pk)
    assert set(agreed.values_list("kind", flat=True)) == {"terms", "privacy", "refund"}
    assert not agreed.exclude(account=None).exists()


def test_many_agree_by_one_statement_each_once(django_assert_num_queries: Any) -> None:
    ana, ben = make.member().pk, make.member().pk
    shop = make.shop()
    guest = make.place((make.variant(shop), 1)).pk
    who = [(ana, None), (None, guest), (ben, guest), (ana, None)]
    with django_assert_num_queries(1):
        legal.accept_each(who=who, kinds=["terms", "refund"])
    legal.accept_each(who=who, kinds=["terms"])
    rows = Acceptance.objects.exclude(account_id=shop.owner_id)
    told = sorted(rows.values_list("kind", "account_id", "checkout_id"), key=str)
    agreed = [(ana, None), (ben, None), (None, guest)]
    assert told == sorted(((kind, *one) for kind in ("refund", "terms") for one in agreed), key=str)
    with pytest.raises(LoginRequired):
        legal.accept_each(who=[(ana, None), (None, None)], kinds=["terms"])
