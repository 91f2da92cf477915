"""What a table says it keeps for a time is gone after it, whichever job ends it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import models
from django.test import Client
from procrastinate.contrib.django import app

from banyan.campaigns.models import Preview
from banyan.catalog.models import EmptySearch, ProductImport
from banyan.community.models import FeedSession
from banyan.kernel import clock, retention
from banyan.kernel.actors import Actor
from banyan.kernel.jobs import end_retention
from banyan.kernel.models import AuditEntry, IdempotencyRecord, RateBucket
from banyan.kernel.personal import KEEPER, Erase, Kept, declared, holds
from banyan.legal.models import Export
from banyan.media.actions import intake, stage
from banyan.media.models import Image, Video
from banyan.moderation.models import RightsNotice
from banyan.notify.models import Allowance, Message, Notification, Reminder
from banyan.people.models import (
    Account,
    BookDigest,
    FormerHandle,
    IntendedAction,
    Mute,
    SignInCode,
)
from banyan.sales.models import Fan, Sale
from banyan.sharing.models import PendingConfirmation
from banyan.trust.models import Edge
from tests.campaigns.scene import draft
from tests.moderation.test_texts import jpeg
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
TIME = re.compile(
    r"\b(minutes?|hours?|days?|weeks?|half a year|months?|a year|years?|until .* (over|ends))\b",
    re.IGNORECASE,
)
LEAST = re.compile(r"at least ten years", re.IGNORECASE)


def ended_sale(shop: Any) -> Sale:
    now = clock.now()
    return Sale.objects.create(
        shop=shop, title="Over", state="ended", starts_at=now - dt.timedelta(hours=2),
        ends_at=now, ended_at=now, created_at=now,
    )  # fmt: skip


def picture(colour: int, ana: Account) -> Image:
    image = intake(actor=make.actor(ana), data=jpeg(colour))
    Image.objects.filter(pk=image.pk).update(kept_at=None, created_at=clock.now())
    return image


def one_of_each() -> dict[str, Callable[[Account], models.Model]]:
    """Return how a row of every table that ends by the clock is made, at the clock's time."""
    soon = dt.timedelta(minutes=10)
    return {
        "people.Mute": lambda ana: Mute.objects.create(
            actor=ana, kind="word", words="pills", expires_at=clock.now() + soon,
            created_at=clock.now(),
        ),
        "people.SignInCode": lambda ana: SignInCode.objects.create(
            token="t", channel="email", contact="a@example.com", purpose="sign_in", salt="s",
            created_at=clock.now(), expires_at=clock.now() + soon,
        ),
        "people.FormerHandle": lambda ana: FormerHandle.objects.create(
            handle="annie", account=ana, left_at=clock.now()
        ),
        "people.BookDigest": lambda ana: BookDigest.objects.create(
            owner=ana, digest=b"d" * 32, created_at=clock.now()
        ),
        "people.IntendedAction": lambda ana: IntendedAction.objects.create(
            token="i", kind="follow", payload={}, created_at=clock.now()
        ),
        "kernel.IdempotencyRecord": lambda ana: IdempotencyRecord.objects.create(
            client="c", actor="a", key="k", fingerprint="f", created_at=clock.now(),
            locked_until=clock.now(),
        ),
        "kernel.RateBucket": lambda ana: RateBucket.objects.create(
            key="k", window_start=clock.now(), hits=1
        ),
        "sessions.Session": lambda ana: Session.objects.create(
            session_key="old", session_data="", expire_date=clock.now()
        ),
        "campaigns.Preview": lambda ana: Preview.objects.create(
            campaign=draft(make.shop(), "coupon_pack", drive="honour", budget=0), account=ana,
            created_at=clock.now(), expires_at=clock.now() + soon,
        ),
        "catalog.ProductImport": lambda ana: ProductImport.objects.create(
            shop=make.shop(), account=ana, token="f", name="goods.csv", content=b"x",
            created_at=clock.now(),
        ),
        "catalog.EmptySearch": lambda ana: EmptySearch.objects.create(
            day=clock.now().date(), words="bowl"
        ),
        "community.FeedSession": lambda ana: FeedSession.objects.create(
            viewer=ana, post_ids=[], reasons=[], made_at=clock.now()
        ),
        "legal.Export": lambda ana: Export.objects.create(
            account=ana, state="ready", file="exports/none.zip", asked_at=clock.now(),
            ready_at=clock.now(), expires_at=clock.now() + dt.timedelta(days=7),
        ),
        "media.Image": lambda ana: picture(1, ana),
        "media.StagedUpload": lambda ana: stage(actor=make.actor(ana), data=jpeg(2)),
        "media.Video": lambda ana: Video.objects.create(
            owner_id=ana.pk, fmt="mp4", file="v/none.mp4", bytes=1, created_at=clock.now()
        ),
        "moderation.RightsNotice": lambda ana: RightsNotice.objects.create(
            token="n", author_token="m", subject_kind="post", subject_id=1, claimant="Cleo",
            email="cleo@example.com", address="Street 1", work="A bowl", words="Mine",
            state="refused", filed_at=clock.now(), moved_at=clock.now(),
        ),
        "notify.Notification": lambda ana: Notification.objects.create(
            recipient=ana, group_key="g", kind="post.liked", updated_at=clock.now()
        ),
        "notify.Message": lambda ana: Message.objects.create(
            channel="email", destination="a@example.com", kind="k", key="key", state="sent",
            next_attempt_at=clock.now(), created_at=clock.now(),
        ),
        "notify.Reminder": lambda ana: Reminder.objects.create(
            kind="stock.back", subject_id=1, channel="email", destination="a@example.com",
            contact="mark", token="r", created_at=clock.now(), confirmed_at=clock.now(),
            told_at=clock.now(),
        ),
        "notify.Allowance": lambda ana: Allowance.objects.create(
            who="account:1", day=clock.now().date(), used=1, cap=2
        ),
        "sales.Fan": lambda ana: Fan.objects.create(sale=ended_sale(make.shop()), account=ana),
        "trust.Edge": lambda ana: Edge.objects.create(
            account=ana, kind="browser", digest="d", source="sign_in", first_seen=clock.now(),
            last_seen=clock.now(), expires_at=clock.now() + soon,
        ),
        "sharing.PendingConfirmation": lambda ana: PendingConfirmation.objects.create(
            touch_id=1, visitor="v", at=clock.now()
        ),
    }  # fmt: skip


def run(name: str) -> None:
    app.tasks[name](timestamp=0)


def test_every_time_that_is_named_is_counted_by_a_job_that_runs() -> None:
    periodic = {each.task.name for each in app.periodic_registry.periodic_tasks.values()}
    for holding in declared().values():
        label, named = holding.model._meta.label, TIME.search(holding.why)
        if named and not LEAST.search(holding.why):
            assert holding.kept is not None, f"{label}: nobody ends it: {holding.why}"
        if holding.kept is not None:
            assert named, f"{label} does not say how long: {holding.why}"
            assert holding.kept.by in periodic, label
            assert holding.erase is not Erase.PSEUDONYM or holding.kept.by != KEEPER, label


def test_negative_control_a_named_time_that_nobody_counts_is_seen() -> None:
    for why in ("A week.", "Two days if nothing shows it.", "Until the sale is over.", "An hour."):
        assert TIME.search(why), why
    for why in ("As long as the account.", "For good, by number."):
        assert not TIME.search(why), why


def test_the_books_are_never_ended_by_the_clock() -> None:
    ledger = [held for held in declared().values() if held.model._meta.app_label == "ledger"]
    assert ledger
    assert [held.model for held in ledger if held.kept is not None] == []


def test_rows_of_every_table_go_when_their_time_is_over_and_not_before() -> None:
    makers, timed = (
        one_of_each(),
        {held.model._meta.label: kept for held, kept in retention.timed()},
    )
    assert set(makers) == set(timed), "a table that ends by the clock needs a row here"
    ana = make.member()
    then = clock.now()
    kept_rows = {label: made(ana) for label, made in makers.items()}
    jobs = {kept.by for kept in timed.values()}

    for name in jobs:
        run(name)
    for label, row in kept_rows.items():
        if timed[label].span:
            assert type(row)._base_manager.filter(pk=row.pk).exists(), f"{label} went too early"

    with clock.at(then + dt.timedelta(days=4 * 365)):
        for name in [*sorted(jobs - {KEEPER}), KEEPER]:
            run(name)
        told = retention.last_end()
        left = {
            held.model._meta.label: retention.over(held, kept, clock.now()).count()
            for held, kept in retention.timed()
        }
    assert told is not None
    assert (told.detail["late"], told.detail["failed"]) == ({}, [])
    assert {label for label, count in left.items() if count} == set()
    notice = RightsNotice.objects.get()
    assert (notice.claimant, notice.email, notice.words, notice.state) == ("", "", "", "refused")
    assert Reminder.objects.get().destination == ""
    assert Export.objects.get().state == "expired"
    assert Account.objects.filter(pk=ana.pk).exists()


def old_messages(count: int) -> None:
    then = clock.now() - dt.timedelta(days=200)
    Message.objects.bulk_create(
        Message(
            channel="email", destination=f"{n}@example.com", kind="k", key=str(n), state="sent",
            next_attempt_at=then, created_at=then,
        )
        for n in range(count)
    )  # fmt: skip


def test_it_ends_rows_in_batches_stops_when_told_and_goes_on_the_next_night() -> None:
    old_messages(7)
    Message.objects.filter(key="6").update(state="queued")
    first = retention.end_all(actor=SYSTEM, batch=2, most=2)
    assert first.rows == {"notify.Message": 4}
    assert first.late == {"notify.Message": 2}, "what is left is told, not forgotten"
    assert end_retention(timestamp=0) == {"notify.Message": 2}
    assert end_retention(timestamp=0) == {}, "twice is once"
    assert list(Message.objects.values_list("key", flat=True)) == ["6"], "it still has to leave"


def test_a_sweep_that_stands_still_is_seen_on_the_desk() -> None:
    owner = make.staff("owner")
    browser = Client()
    browser.force_login(owner)
    end_retention(timestamp=0)
    assert "0 rows went whose time was over" in browser.get("/desk/").content.decode()
    with clock.at(clock.now() - dt.timedelta(days=12)):
        one_of_each()["notify.Allowance"](owner)
    end_retention(timestamp=0)
    assert AuditEntry.objects.filter(action=retention.ENDED).count() == 2
    assert "row or table is kept too long" in browser.get("/desk/").content.decode()


def test_a_table_that_fails_keeps_no_other_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    old_messages(1)
    broken = declared()[Mute]
    values = {"owner": broken.owner, "about": broken.about, "fields": broken.fields}
    try:
        holds(
            "people.Mute", broken.erase, broken.why, **values,
            kept=Kept(dt.timedelta(0), ("no_such_column",)),
        )  # fmt: skip
        done = retention.end_all(actor=SYSTEM)
    finally:
        holds("people.Mute", broken.erase, broken.why, **values, kept=broken.kept)
    assert done.failed == ["people.Mute"]
    assert done.rows == {"notify.Message": 1}
