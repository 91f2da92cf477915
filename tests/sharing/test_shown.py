"""Whom a card was shown to: once per person, link and day; by the spool, not by the request."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.community import actions as community
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.actions import claim_staged
from banyan.sharing import actions, shown
from banyan.sharing.models import Exposure, Link
from banyan.sharing.queries import Scope, reach
from banyan.sharing.shown import ShownCards, person_of
from banyan.sharing.spool import load_once
from banyan.sharing.visitors import VISITOR_COOKIE, new_visitor, sign_visitor
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shown, "spool_directory", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def link() -> Link:
    product = make.product()
    return actions.share(
        actor=make.actor(make.member()), target_kind="product", target_id=product.pk, via=None
    )


def test_a_card_counts_once_per_person_link_and_day(spool: Path, link: Link) -> None:
    cards, others = ShownCards(), ShownCards()
    assert cards.note([link.pk, link.pk], person="v1") == 1
    assert cards.note([link.pk], person="v1") == 0
    assert others.note([link.pk], person="v1") == 1
    assert cards.note([link.pk], person="v2") == 1
    with clock.at(clock.now() + dt.timedelta(days=1)):
        assert cards.note([link.pk], person="v1") == 1
    load_once(spool)
    assert Exposure.objects.count() == 3
    assert reach(Scope.link(link.pk)).shown == 2


def test_nothing_is_noted_of_a_person_without_a_name(spool: Path, link: Link) -> None:
    assert ShownCards().note([link.pk], person=person_of(visitor=None, account_id=None)) == 0
    assert list(spool.iterdir()) == []


def test_who_was_shown_and_then_opened_and_signed_in_is_one(spool: Path, link: Link) -> None:
    ben = make.member()
    cards = ShownCards()
    cards.note([link.pk], person="phone")
    cards.note([link.pk], person=person_of(visitor=None, account_id=ben.pk))
    load_once(spool)
    actions.record_touch(actor=Actor.guest("phone"), link=link)
    actions.claim_touches(actor=make.actor(ben), visitor="phone", account_id=ben.pk)
    assert (reach(Scope.link(link.pk)).shown, reach(Scope.link(link.pk)).opened) == (1, 1)


def test_owners_and_links_that_are_gone_are_left_out(spool: Path, link: Link) -> None:
    actions.claim_touches(actor=Actor.system("t"), visitor="own", account_id=link.owner_id)
    cards = ShownCards()
    cards.note([link.pk], person="own")
    cards.note([link.pk], person=person_of(visitor=None, account_id=link.owner_id))
    cards.note([link.pk + 1], person="v1")
    load_once(spool)
    assert not Exposure.objects.exists()


def test_a_card_is_no_opening(spool: Path, link: Link) -> None:
    ShownCards().note([link.pk], person="v1")
    assert load_once(spool) == 0
    assert not link.touches.exists()


class TestTheFeed:
    @pytest.fixture(autouse=True)
    def _fresh(self, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spool = spool
        from banyan.web.shop.sharing import shown as pages

        monkeypatch.setattr(pages, "cards", ShownCards())

    def look(self, agent: str = PHONE, consent: str = "", **headers: str) -> int:
        browser = Client(headers={"user-agent": agent} | headers)
        browser.cookies[VISITOR_COOKIE] = sign_visitor(new_visitor())
        if consent:
            browser.cookies["banyan_consent"] = consent
        assert browser.get("/explore").status_code == 200
        load_once(self.spool)
        return Exposure.objects.count()

    @pytest.fixture
    def post(self) -> None:
        author = make.actor(make.member())
        images = claim_staged(actor=author, tokens=[staged_picture(author)])
        community.publish_post(actor=author, images=images, title="Cups", body="")

    def test_a_person_is_counted_without_a_statement_more(self, post: None) -> None:
        assert self.look() == 1
        with CaptureQueriesContext(connection) as asked:
            Client(headers={"user-agent": PHONE}).get("/explore")
        assert not [q for q in asked.captured_queries if "exposure" in q["sql"]]

    def test_robots_and_pages_loaded_ahead_are_not(self, post: None) -> None:
        assert self.look("Googlebot/2.1") == 0
        assert self.look(**{"sec-purpose": "prefetch"}) == 0

    def test_without_consent_nobody_is(self, post: None, settings: object) -> None:
        assert self.look(consent="no") == 0
        settings.CONSENT_MODE = "opt_in"  # type: ignore[attr-defined]
        assert self.look() == 0
        assert self.look(consent="yes") == 1

    def test_a_full_disk_does_not_take_the_page_away(
        self, post: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_args: object, **_more: object) -> int:
            raise OSError("disk full")

        monkeypatch.setattr(ShownCards, "note", full)
        assert self.look() == 0
