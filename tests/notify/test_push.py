"""Web push: real signatures, real encryption, one a person may bear a day."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils.translation import get_language

from banyan.kernel import clock, keyrings
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring
from banyan.kernel.problems import Invalid, LoginRequired
from banyan.notify import actions, kinds, webpush
from banyan.notify.actions import Where, pushing
from banyan.notify.models import Allowance, Notification, PushKey, PushSubscription
from banyan.people.models import Account
from tests.gateways.push import service as push
from tests.gateways.push.service import Browser, PushService
from tests.support.factories import actor, member

from .test_choices import choose, signed_in, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    """A push service that runs, and that we may reach."""
    with push.running() as running:
        settings.FETCH_ALLOWED_HOSTS = [running.host]
        settings.PUSH_CONTACT = "mailto:ops@example.com"
        yield running


def test_a_renewed_key_is_given_to_browsers_and_older_ones_open_by_the_newest_secret(
    settings: Any,
) -> None:
    old = webpush.current_key()
    half = keyrings.unseal(Ring.PUSH, old.private)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a secret after the first"
    call_command("renew_push_key", stdout=io.StringIO())
    settings.SECRET_KEY_FALLBACKS = []
    new = webpush.current_key()
    assert new.pk != old.pk
    assert new.public != old.public
    old.refresh_from_db()
    assert keyrings.unseal(Ring.PUSH, old.private) == half
    settings.SECRET_KEY = "a secret that nobody kept"
    with pytest.raises(keyrings.BadSeal):
        actions.renew_key(actor=Actor.system("test"))
    assert PushKey.objects.count() == 2


def subscribe(service: PushService, account: Account) -> Browser:
    """Let a browser of somebody ask for what its owner is told."""
    key = webpush.current_key()
    browser = service.subscribe(key.public)
    actions.subscribe(
        actor=actor(account), key_id=key.pk, endpoint=service.endpoint(browser), **browser.keys
    )
    return browser


def test_a_push_arrives_signed_encrypted_in_the_reader_s_language_and_zone(
    service: PushService, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SITE_TIME_ZONE = "Asia/Shanghai"
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds.register(
        "wave", lambda h: f"{h.who} 👋 {get_language()} {clock.zone_told()}", family="people"
    )
    reader = member(language="zh-hans")
    browser = subscribe(service, reader)
    tell(reader, member("ana"), "wave")

    assert actions.push_due() == 1

    row = Notification.objects.get()
    told = "Ana 👋 zh-hans Asia/Shanghai, UTC+8"
    assert browser.shown == [
        {"title": "Banyan", "body": told, "url": "/notifications", "tag": str(row.pk)}
    ]
    assert service.refusals == []
    assert browser.headers[0]["topic"] == str(row.pk)
    assert browser.headers[0]["ttl"] == "86400"
    assert actions.push_due() == 0


def test_a_message_for_another_browser_s_key_is_refused_by_the_service(
    service: PushService,
) -> None:
    reader = member()
    browser = subscribe(service, reader)
    browser.application_key = "another"
    tell(reader)
    assert actions.push_due() == 0
    assert service.refusals == ["another key"]
    assert PushSubscription.objects.get().refused == 1


def test_a_group_is_pushed_once_until_it_is_read(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    for name in ("ana", "ben"):
        tell(reader, member(name))
        actions.push_due()
    assert len(browser.shown) == 1

    actions.mark_read(recipient_id=reader.pk)
    tell(reader, member("cy"))
    assert actions.push_due() == 1
    assert len(browser.shown) == 2


def test_what_a_slow_address_keeps_from_being_pushed_is_pushed_by_the_next_run_and_once(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, reader = member(), member()
    waited, browser = subscribe(service, slow), subscribe(service, reader)
    tell(slow)
    tell(reader)
    ticks = iter([0.0, 0.0, 100.0, 200.0, 200.0])
    monkeypatch.setattr(pushing, "monotonic", lambda: next(ticks), raising=False)
    with clock.at(clock.now() + dt.timedelta(seconds=1)):
        assert actions.push_due() == 1
        assert (len(waited.shown), len(browser.shown)) == (1, 0)
        assert actions.push_due() == 1
    assert (len(waited.shown), len(browser.shown)) == (1, 1)


def test_what_was_read_meanwhile_is_not_pushed(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    tell(reader)
    actions.mark_read(recipient_id=reader.pk)
    assert actions.push_due() == 0
    assert browser.shown == []
    assert not Allowance.objects.exists()


def test_a_family_that_is_not_pushed_stays_on_the_page(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    actions.set_switch(actor=actor(reader), family="people", where=Where(True, False, True))
    tell(reader)
    assert actions.push_due() == 0
    assert browser.shown == []
    assert Notification.objects.count() == 1


def test_quiet_hours_hold_back_and_send_afterwards(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    choose(reader, quiet=(22 * 60, 7 * 60))
    tomorrow = clock.now().replace(hour=23, minute=0)
    with clock.at(tomorrow):
        tell(reader)
        tell(reader, kind="stock.back")
        assert actions.push_due() == 1, "what was asked for comes at its time"
        assert ["stock" in one["body"] for one in browser.shown] == [True]
    with clock.at(tomorrow + dt.timedelta(hours=7)):
        assert actions.push_due() == 0
    with clock.at(tomorrow + dt.timedelta(hours=8)):
        assert actions.push_due() == 1
    assert len(browser.shown) == 2


def test_what_waited_for_days_is_not_pushed_any_more(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    tell(reader)
    ttl = dt.timedelta(seconds=kinds.require(Notification.objects.get().kind).family.ttl)
    with clock.at(clock.now() + ttl + dt.timedelta(days=1, minutes=1)):
        assert actions.push_due() == 0
    assert not browser.shown
    assert Notification.objects.get().push_at is None


def test_no_more_than_the_day_s_allowance_but_orders_are_exempt(
    service: PushService, settings: Any, midday: None
) -> None:
    settings.NOTIFY_DAILY_CAP = 2
    reader = member()
    browser = subscribe(service, reader)
    for n in range(4):
        actions.notify(recipient_id=reader.pk, kind="follow", group_key=f"f{n}")
    tell(reader, kind="order.shipped")

    assert actions.push_due() == 3

    assert len(browser.shown) == 3
    assert any("parcel" in one["body"] for one in browser.shown)
    assert Allowance.objects.get().used == 2
    assert Notification.objects.count() == 5, "the page has them all"
    with clock.at(clock.now() + dt.timedelta(days=1)):
        actions.notify(recipient_id=reader.pk, kind="follow", group_key="g")
        assert actions.push_due() == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(service: PushService, status: int) -> None:
    reader = member()
    subscribe(service, reader)
    service.answers = [status]
    tell(reader)
    assert actions.push_due() == 0
    assert not PushSubscription.objects.exists()


def test_three_refusals_in_a_row_mean_gone_and_two_do_not(service: PushService) -> None:
    reader = member()
    subscribe(service, reader)
    for n, answer in enumerate([403, 403, 201, 403, 403, 403]):
        service.answers = [answer]
        actions.notify(
            recipient_id=reader.pk, kind="order.shipped", group_key=f"o{n}", data={"shop": "Kiln"}
        )
        actions.push_due()
        assert PushSubscription.objects.exists() == (n < 5)


def test_a_busy_service_is_asked_again_and_the_day_pays_once(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    service.answers = [503]
    tell(reader)
    assert actions.push_due() == 0
    assert actions.push_due() == 0, "not at once"
    with clock.at(clock.now() + dt.timedelta(minutes=6)):
        assert actions.push_due() == 1
    assert len(browser.shown) == 1
    assert Allowance.objects.get().used == 1


def test_who_is_blocked_meanwhile_is_not_named(service: PushService) -> None:
    from banyan.people import actions as people

    reader, ana = member(), member("ana")
    browser = subscribe(service, reader)
    tell(reader, ana)
    people.block(actor=actor(reader), account_id=ana.pk)
    assert actions.push_due() == 0
    assert browser.shown == []


def test_only_what_a_browser_may_hand_out_is_taken(settings: Any) -> None:
    reader, key = member(), webpush.current_key()
    browser = Browser(0, key.public)
    good = {"endpoint": "https://push.example/x", **browser.keys}
    for wrong in (
        {"endpoint": "http://push.example/x"},
        {"endpoint": "https://[broken"},
        {"p256dh": "AAAA"},
        {"auth": "AAAA"},
        {"p256dh": "é"},
    ):
        with pytest.raises(Invalid):
            actions.subscribe(actor=actor(reader), key_id=key.pk, **good | wrong)
    with pytest.raises(Invalid):
        actions.subscribe(actor=actor(reader), key_id=1, **good)
    with pytest.raises(LoginRequired):
        actions.subscribe(actor=Actor.guest(), key_id=key.pk, **good)
    assert not PushSubscription.objects.exists()


def test_an_endpoint_inside_our_own_network_is_never_reached(settings: Any) -> None:
    settings.FETCH_ALLOWED_HOSTS = []
    key = webpush.current_key()
    browser = Browser(0, key.public)
    reader = member()
    actions.subscribe(
        actor=actor(reader), key_id=key.pk, endpoint="https://127.0.0.1/x", **browser.keys
    )
    row = PushSubscription.objects.get()
    assert webpush.send(row, b"{}", ttl=60, topic="t") is webpush.Answer.FAILED


def test_one_pair_of_keys_is_made_and_kept_sealed() -> None:
    first = webpush.current_key()
    assert webpush.current_key().pk == first.pk
    assert PushKey.objects.count() == 1
    assert b"-----" not in bytes(first.private)
    assert len(bytes(first.private)) > 32


def test_an_older_pair_still_signs_for_its_browsers(service: PushService) -> None:
    reader = member()
    browser = subscribe(service, reader)
    webpush.new_key()
    tell(reader)
    assert actions.push_due() == 1
    assert len(browser.shown) == 1


# -- the pages ------------------------------------------------------------------------------------


def test_a_press_subscribes_and_signing_out_ends_it(service: PushService) -> None:
    reader, key = member(), webpush.current_key()
    browser = service.subscribe(key.public)
    page = signed_in(reader)
    told = {"key": str(key.pk), "endpoint": service.endpoint(browser), **browser.keys}
    assert page.post(reverse("push_subscribe"), told).status_code == 204
    assert PushSubscription.objects.get().account_id == reader.pk
    assert page.post(reverse("push_subscribe"), told | {"auth": "x"}).status_code == 422

    page.post(reverse("logout"))
    assert not PushSubscription.objects.exists(), "the next person at this machine reads nothing"


def test_nobody_removes_another_s_browser(service: PushService) -> None:
    reader, eve = member(), member("eve")
    subscribe(service, reader)
    row = PushSubscription.objects.get()
    signed_in(eve).post(reverse("push_remove"), {"browser": str(row.pk)})
    assert PushSubscription.objects.exists()
    signed_in(reader).post(reverse("push_remove"), {"browser": str(row.pk)})
    assert not PushSubscription.objects.exists()


def test_a_notification_that_cannot_be_worded_holds_up_no_other(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds.register("broken", lambda h: str(h.data["amount"]), family="people")
    first, second = member(), member()
    subscribe(service, first)
    browser = subscribe(service, second)
    tell(first, member("ana"), "broken")
    tell(second, member("ben"))
    start = clock.now()

    assert actions.push_due() == 1
    assert len(browser.shown) == 1
    with clock.at(start + dt.timedelta(days=8)):
        assert actions.push_due() == 0
    assert not Notification.objects.filter(push_at__isnull=False).exists(), "given up in the end"
