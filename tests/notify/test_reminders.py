"""Reminders: one field, told once, stopped for ever, and how many can be reached."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound, TooMany
from banyan.notify import actions
from banyan.notify.actions import Where
from banyan.notify.models import Message, Notification, Reminder, Stop
from banyan.notify.queries import reachable_share, switches_of
from banyan.people import actions as people
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.sales.reminders import STARTS
from tests.sales.scene import coming, on
from tests.support.factories import actor, member, variant
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
GUEST = Actor.guest()


def ask(sale: Sale, contact: str = "", who: Actor = GUEST) -> Reminder:
    """Ask to be told when it begins."""
    return actions.remind(actor=who, kind=STARTS, subject_id=sale.pk, contact=contact)


def begin(sale: Sale) -> int:
    """Tell whom there is to tell when it begins."""
    with clock.at(sale.starts_at):
        return sales.tell_starting()


def test_a_guest_is_told_once_by_the_contact_they_typed(settings: Any) -> None:
    settings.PUBLIC_URL = "https://shop.example"
    sale = coming()
    ask(sale, "B@example.com")
    ask(sale, "b@example.com")
    ask(sale, "+86 138 0013 8000")
    assert sales.tell_starting() == 0, "it is an hour too early"

    assert begin(sale) == 2
    assert begin(sale) == 0

    sent = {message.channel: message for message in Message.objects.all()}
    assert sent["email"].destination == "b@example.com"
    assert sent["sms"].destination == "+8613800138000"
    for message in sent.values():
        assert f"https://shop.example/sale/{sale.pk}" in message.body
        assert message.leave in message.body
    assert sent["sms"].subject == ""
    assert sent["email"].subject == "Singles' day begins", "plain text escapes nothing"


def test_who_had_enough_for_a_day_keeps_nobody_from_being_told(settings: Any) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    sale, another = coming(), coming()
    for n in range(3):
        ask(another, f"full{n}@example.com")
    with clock.at(another.starts_at):
        assert sales.tell_starting() == 3
    for n in range(3):
        ask(sale, f"full{n}@example.com")
    ask(sale, "late@example.com")

    with clock.at(sale.starts_at):
        told = sum(sales.tell_starting(piece=1, most=2) for _run in range(3))

    assert told == 1
    assert Message.objects.filter(destination="late@example.com").exists()


def test_a_member_is_told_on_their_page_and_by_mail_where_they_want_it() -> None:
    sale = coming()
    ana, ben = member(email="ana@example.com"), member(email="ben@example.com")
    actions.set_switch(actor=actor(ben), family="reminders", where=Where(True, True, False))
    for account in (ana, ben):
        ask(sale, who=actor(account))
    assert begin(sale) == 2
    assert Notification.objects.filter(kind=STARTS).count() == 2
    assert [message.destination for message in Message.objects.all()] == ["ana@example.com"]


def test_a_member_s_link_ends_e_mails_of_that_family_and_nothing_else() -> None:
    sale, ana = coming(), member(email="ana@example.com")
    ask(sale, who=actor(ana))
    begin(sale)
    leave = Message.objects.get().leave

    assert "switch in your settings" in Client().post(leave).content.decode()

    on = switches_of(ana.pk)
    assert on["reminders"] == {"page": True, "push": True, "email": False}
    assert on["orders"]["email"]
    later = coming()
    ask(later, who=actor(ana))
    assert begin(later) == 1
    assert Message.objects.count() == 1


def test_nobody_is_told_of_a_paused_or_an_ended_sale() -> None:
    sale = coming()
    ask(sale, "b@example.com")
    Sale.objects.update(paused_at=clock.now())
    assert begin(sale) == 0
    Sale.objects.update(paused_at=None)
    with clock.at(sale.ends_at):
        assert sales.tell_starting() == 0
    assert not Message.objects.exists()


def test_there_is_nothing_to_wait_for_when_it_has_begun() -> None:
    sale = on(variant(stock=5))
    with pytest.raises(Conflict) as refused:
        ask(sale, "b@example.com")
    assert refused.value.code == "sale_begun"
    with pytest.raises(NotFound):
        actions.remind(actor=GUEST, kind=STARTS, subject_id=1, contact="b@example.com")
    with pytest.raises(Invalid):
        ask(coming(), "neither")


def test_the_link_stops_a_contact_for_ever_and_can_be_taken_back() -> None:
    first, second = coming(), coming()
    token = ask(first, "b@example.com").token
    ask(second, "b@example.com")

    assert actions.stop(token=token)
    assert actions.stop(token=token), "as often as one likes"

    assert begin(first) + begin(second) == 0
    assert set(Reminder.objects.values_list("destination", flat=True)) == {""}
    with pytest.raises(Conflict) as refused:
        ask(first, "b@example.com")
    assert refused.value.code == "contact_stopped"
    ask(first, "c@example.com")

    assert actions.undo_stop(token=token)
    ask(first, "b@example.com")
    assert not actions.stop(token="nonsense")


def test_a_link_works_when_the_address_is_long_forgotten() -> None:
    sale = coming()
    token = ask(sale, "b@example.com").token
    begin(sale)
    with clock.at(clock.now() + dt.timedelta(days=400)):
        assert actions.forget_reminders() == 1
        assert actions.forget_reminders() == 0
        assert Reminder.objects.get().destination == ""
        assert actions.stop(token=token)
    with pytest.raises(Conflict):
        ask(coming(), "b@example.com")


def test_where_consent_comes_first_an_address_confirms(settings: Any) -> None:
    settings.CONSENT_MODE = "opt_in"
    sale = coming()
    reminder = ask(sale, "b@example.com")
    ask(sale, "b@example.com")
    ask(sale, "+8613800138000")
    assert Message.objects.get().kind == "remind.confirm", "asked once"

    url = reverse("remind_confirm", args=[reminder.token])
    assert Client().get(url).status_code == 200
    assert begin(sale) == 1, "the phone; the address has not confirmed"
    Client().post(url)
    assert begin(sale) == 1
    assert Client().post(reverse("remind_confirm", args=["nonsense"])).status_code == 404


def test_what_is_never_confirmed_is_forgotten(settings: Any) -> None:
    settings.CONSENT_MODE = "opt_in"
    reminder = ask(coming(), "b@example.com")
    with clock.at(clock.now() + dt.timedelta(days=8)):
        assert actions.forget_reminders() == 1
        assert not actions.confirm(token=reminder.token)


def test_a_guest_s_allowance_holds_over_all_kinds_and_what_is_left_comes_later(
    settings: Any,
) -> None:
    settings.NOTIFY_DAILY_CAP = 1
    first, second = coming(), coming()
    Sale.objects.update(ends_at=clock.now() + dt.timedelta(days=3))
    ask(first, "b@example.com")
    ask(second, "b@example.com")
    assert begin(second) == 1
    assert begin(second) == 0
    with clock.at(second.starts_at + dt.timedelta(days=1)):
        assert sales.tell_starting() == 1


@pytest.mark.usefixtures("midday")
def test_a_contact_that_is_typed_all_day_is_refused() -> None:
    sales_of_today = [coming() for _ in range(2)]
    for n in range(20):
        ask(sales_of_today[n % 2], "b@example.com")
    with pytest.raises(TooMany):
        ask(sales_of_today[0], "b@example.com")


def test_erasing_a_contact_leaves_no_address() -> None:
    sale = coming()
    ask(sale, "b@example.com")
    assert actions.forget_contact(channel="email", destination="B@example.com") == 1
    assert begin(sale) == 0
    assert not Reminder.objects.filter(destination__contains="@").exists()
    assert not Stop.objects.exists(), "who wants to be forgotten may come back"


def test_the_reachable_share_counts_each_by_the_way_that_reaches_them(settings: Any) -> None:
    sale = coming()
    assert reachable_share(kind=STARTS, subject_id=sale.pk).share is None
    with_mail, silent = member(email="a@example.com"), member()
    for account in (with_mail, silent):
        ask(sale, who=actor(account))
    ask(sale, "b@example.com")
    ask(sale, "+8613800138000")
    stopped = ask(sale, "c@example.com")
    actions.stop(token=stopped.token)
    settings.CONSENT_MODE = "opt_in"
    ask(sale, "d@example.com")

    found = reachable_share(kind=STARTS, subject_id=sale.pk)

    assert (found.asked, found.waiting, found.reachable) == (6, 4, 3)
    assert (found.email, found.sms, found.push, found.page) == (2, 1, 0, 1)
    assert (found.unconfirmed, found.stopped, found.told) == (1, 1, 0)
    assert found.share == pytest.approx(3 / 6)


def test_the_figure_stands_beside_the_sale_in_the_studio() -> None:
    sale = coming()
    ask(sale, "b@example.com")
    ask(sale, who=actor(member()))
    url = reverse("studio_sale", args=[sale.shop.slug, sale.pk])
    page = client(sale.shop.owner).get(url).content.decode()
    assert "Who wants to know when it begins" in page
    assert "50.0" in page


def test_a_member_asks_and_takes_it_back_and_another_sees_nothing_of_it() -> None:
    sale, ana = coming(), member("ana")
    url = reverse("sale_remind", args=[sale.pk])
    assert client(ana).post(url).status_code == 200
    assert "Rather not" in client(ana).get(url).content.decode()
    assert "Rather not" not in client(member()).get(url).content.decode()
    client(ana).post(url, {"undo": "1"})
    assert begin(sale) == 0


def test_whose_account_is_closed_is_not_written_to() -> None:
    sale, ana = coming(), member(email="ana@example.com")
    ask(sale, who=actor(ana))
    people.close_account(actor=actor(ana), account_id=ana.pk, reason="leaving")
    begin(sale)
    assert not Message.objects.exists()


def test_nobody_is_told_of_a_sale_whose_shop_was_suspended_until_it_is_open_again() -> None:
    sale = coming()
    ask(sale, "b@example.com")
    shop = type(sale.shop).objects.filter(pk=sale.shop_id)
    shop.update(state="suspended")

    assert begin(sale) == 0
    assert not Message.objects.filter(kind=STARTS).exists()

    shop.update(state="open")
    assert begin(sale) == 1
