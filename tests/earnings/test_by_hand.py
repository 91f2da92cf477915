"""Payouts by hand: from a shared order to "paid", by what finance says."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.db import connection

from banyan.earnings import actions, queries
from banyan.earnings.actions.destinations import told
from banyan.earnings.actions.payouts import payers
from banyan.earnings.models import Destination, PayoutBatch, PayoutItem
from banyan.earnings.problems import NoPayoutProvider, PayoutProviderOpen
from banyan.earnings.stories import story_of
from banyan.insights import waiting
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import Ring, unseal
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound, TooMany
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.legal import actions as legal
from banyan.legal.actions.erasing import person_of
from banyan.legal.ports import obstacles
from banyan.notify.models import Message, Notification
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import destinations, jobs
from banyan.payments.checks import check_providers
from banyan.payments.models import Intent, Payout
from banyan.payments.problems import PayoutNotSupported, ProviderUnknown
from banyan.payments.queries import methods_for
from banyan.people.models import Account
from tests.support import factories as make

from . import story

pytestmark = pytest.mark.django_db
IBAN = "DE02 1203 0000 0000 2020 51"
TILL = Actor(kind="staff", id=77, roles=frozenset({"finance"}), label="@till")


@pytest.fixture(autouse=True)
def _by_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "wallet"]


def earned(name: str = "ana", price: int = 50_000) -> tuple[Account, Order]:
    earner = story.member(name)
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    item = story.variant(shop, price=price)
    order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, earner))))
    story.due(order)
    return earner, order


def named(earner: Account, account: str = IBAN, name: str = "Ana Roe") -> Destination:
    return actions.set_destination(actor=make.actor(earner), name=name, account=account)


def submitted() -> PayoutBatch:
    batch = actions.draft_batch(actor=TILL)
    return actions.submit_batch(actor=TILL, batch_id=batch.pk, reason="the month")


def transit() -> int:
    return books.balance(Book.objects.get(kind="payouts_in_transit")).amount


def test_from_a_shared_order_to_paid_by_what_finance_says() -> None:
    ana, order = earned()
    named(ana)
    batch = submitted()
    payout = Payout.objects.get()
    assert (payout.provider, payout.state, transit()) == ("hand", "requested", 5_000)

    for _time in range(3):  # however often the jobs come by, it waits for a person
        jobs.run_sweep()
    payout.refresh_from_db()
    assert (payout.state, payout.next_attempt_at, payout.attempts) == ("submitted", None, 0)
    assert payments.poll_payout(actor=story.SYSTEM, payout_id=payout.pk).state == "submitted"

    for _time in range(2):
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid today")
    payout.refresh_from_db()
    batch.refresh_from_db()
    assert (payout.state, payout.provider_ref, payout.destination) == ("paid", "B-1", {})
    assert (batch.state, story.only(order).state) == ("settled", "paid")
    assert (story.book(ana), transit()) == (0, 0)
    left = Book.objects.get(kind="gateway", label="hand")
    assert books.balance(left).amount == 5_000
    assert proof.verify().clean
    entry = AuditEntry.objects.get(action="payout.sent")
    assert (entry.actor_id, entry.subject_id, entry.reason) == (77, payout.pk, "paid today")


def test_what_could_not_be_sent_is_payable_again_and_paid_next_time() -> None:
    ana, order = earned()
    named(ana)
    first = submitted()
    payout = Payout.objects.get()
    for _time in range(2):
        payments.say_not_sent(actor=TILL, payout_id=payout.pk, reason="the bank knows no such IBAN")
    payout.refresh_from_db()
    assert (payout.state, payout.destination) == ("failed", {})
    assert payout.failure == "the bank knows no such IBAN"
    assert (story.book(ana), transit(), story.only(order).state) == (5_000, 0, "payable")
    with pytest.raises(Conflict) as refusal:
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="after all")
    assert refusal.value.code == "payout_settled"
    assert AuditEntry.objects.filter(action__startswith="payout.").count() == 1

    named(ana, account="ana@alipay.example")
    again = actions.draft_again(actor=TILL, batch_id=first.pk)
    actions.submit_batch(actor=TILL, batch_id=again.pk)
    second = Payout.objects.exclude(pk=payout.pk).get()
    payments.say_sent(actor=TILL, payout_id=second.pk, bank_ref="B-2", reason="paid")
    assert (story.only(order).state, story.book(ana), transit()) == ("paid", 0, 0)
    assert proof.verify().clean


def test_the_last_word_is_finances_alone_and_names_the_banks_reference() -> None:
    ana, _order = earned()
    named(ana)
    submitted()
    payout = Payout.objects.get()
    for who in (
        make.actor(ana),
        Actor.guest(),
        Actor(kind="staff", id=5, roles=frozenset({"support", "moderation"})),
    ):
        with pytest.raises(NotFound):
            payments.say_sent(actor=who, payout_id=payout.pk, bank_ref="B-1", reason="x")
        with pytest.raises(NotFound):
            payments.say_not_sent(actor=who, payout_id=payout.pk, reason="x")
    for ref in ("", "   ", "x" * 81, "B\n1"):
        with pytest.raises(Invalid):
            payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref=ref, reason="x")
    with pytest.raises(Invalid):
        payments.say_not_sent(actor=TILL, payout_id=payout.pk, reason="  ")
    payout.refresh_from_db()
    assert (payout.state, story.book(ana)) == ("requested", 0)
    assert not AuditEntry.objects.filter(action__startswith="payout.").exists()


def test_what_a_provider_sends_is_not_settled_by_hand(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "hand"]
    ana, _order = earned()
    batch = actions.draft_batch(actor=TILL)
    actions.submit_batch(actor=TILL, batch_id=batch.pk, provider="sandbox")
    payout = Payout.objects.get()
    assert payout.destination == {"account": ana.handle, "name": ana.display_name}
    with pytest.raises(PayoutNotSupported):
        payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="x")
    payout.refresh_from_db()
    assert payout.state == "requested"


def test_where_several_pay_out_finance_chooses_and_where_none_does_it_reads_how(
    settings: Any,
) -> None:
    ana, _order = earned()
    named(ana)
    batch = actions.draft_batch(actor=TILL)
    settings.PAYMENT_PROVIDERS = ["wallet"]
    with pytest.raises(NoPayoutProvider, match="BANYAN_PAYMENT_PROVIDERS"):
        actions.submit_batch(actor=TILL, batch_id=batch.pk)
    settings.PAYMENT_PROVIDERS = ["sandbox", "hand"]
    for wrong in ("", "wallet", "nobody"):
        with pytest.raises(PayoutProviderOpen):
            actions.submit_batch(actor=TILL, batch_id=batch.pk, provider=wrong)
    assert not Payout.objects.exists()
    assert story.book(ana) == 5_000
    actions.submit_batch(actor=TILL, batch_id=batch.pk, provider="hand")
    assert Payout.objects.get().provider == "hand"


def test_it_takes_no_payment_anywhere() -> None:
    offered = methods_for(amount=Money(1_000, "CNY"), account_id=story.member("ana").pk)
    assert offered == []
    with pytest.raises(ProviderUnknown):
        make.place((make.variant(make.shop()), 1), provider="hand")
    shop = make.shop()
    asked = payments.ask_for_payment(
        actor=make.actor(shop.owner), payee_kind="shop", payee_id=shop.pk,
        amount=Money(5_000, "CNY"), note="Two cups", good_for=dt.timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(ProviderUnknown):
        payments.intent_for_request(actor=Actor.guest(), request=asked, provider="hand")
    assert not Intent.objects.exists()


def test_the_destination_is_sealed_in_both_tables_and_the_payout_keeps_what_it_was() -> None:
    ana, _order = earned()
    named(ana)
    submitted()
    payout = Payout.objects.get()
    named(ana, account="another one")
    assert [_tables_with(word) for word in ("Ana Roe", "2020 51", "another one")] == [[], [], []]
    assert _tables_with(ana.handle), "the search finds what stands there"
    assert destinations.opened(payout.destination) == {"name": "Ana Roe", "account": IBAN}
    row = Destination.objects.get()
    assert b"another" not in bytes(row.sealed)
    assert json.loads(unseal(Ring.PAYOUTS, row.sealed))["account"] == "another one"


def _tables_with(word: str) -> list[str]:
    """Return every table in which a word stands in any column."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s',
                [f"%{word}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_who_has_named_no_account_is_left_out_told_once_and_paid_next_time() -> None:
    ana, _order = earned()
    ben, _other = earned("ben")
    named(ben)
    batch = submitted()
    actions.submit_batch(actor=TILL, batch_id=batch.pk)
    skipped = PayoutItem.objects.get(payee=ana)
    assert (skipped.state, skipped.reason, skipped.payout_id) == ("skipped", "no_destination", None)
    assert Payout.objects.count() == 1
    assert (story.book(ana), story.book(ben)) == (5_000, 0)
    told = Notification.objects.get(kind="earnings.destination_wanted")
    assert (told.recipient_id, told.url, told.n) == (ana.pk, "/earnings/destination", 1)
    assert "has not said where" in queries.item_state_text(skipped.state, skipped.reason)

    named(ana)
    submitted()
    assert PayoutItem.objects.filter(payee=ana, state="submitted").count() == 1
    assert story.book(ana) == 0


def test_a_change_is_told_by_a_letter_that_does_not_hold_the_account() -> None:
    ana = make.member("ana", email="ana@example.com")
    named(ana)
    named(ana)  # the same again changes nothing
    assert Message.objects.count() == 1
    named(ana, account="ana@alipay.example")
    actions.remove_destination(actor=make.actor(ana))
    actions.remove_destination(actor=make.actor(ana))
    letters = list(Message.objects.order_by("id"))
    assert [each.kind for each in letters] == [
        "earnings.destination", "earnings.destination", "earnings.destination_gone",
    ]  # fmt: skip
    for letter in letters:
        assert (letter.channel, letter.destination) == ("email", "ana@example.com")
        assert "/earnings/destination" in letter.body
        assert "2051" not in letter.body
        assert "alipay" not in letter.body
    assert queries.my_destination(ana.pk) is None
    acts = AuditEntry.objects.filter(action__startswith="payout_destination.")
    assert [each.detail for each in acts] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("name", "account", "wrong"),
    [
        ("", IBAN, {"name"}),
        ("Ana", "   ", {"account"}),
        ("A\nB", "1\u202e2", {"name", "account"}),
        ("x" * 201, "y" * 201, {"name", "account"}),
    ],
)
def test_each_is_one_line_of_at_most_200_letters(name: str, account: str, wrong: set[str]) -> None:
    ana = make.member("ana", email="ana@example.com")
    with pytest.raises(Invalid) as refusal:
        named(ana, account=account, name=name)
    assert set(refusal.value.fields) == wrong
    assert not Destination.objects.exists()
    assert not Message.objects.exists()
    row = named(ana, account="y" * 200, name="安\u3000娜")
    assert told(row.sealed) == {"name": "安 娜", "account": "y" * 200}


def test_a_guest_has_none_and_a_member_changes_it_ten_times_a_day_at_most() -> None:
    for act in (
        lambda: actions.set_destination(actor=Actor.guest(), name="A", account="B"),
        lambda: actions.remove_destination(actor=Actor.guest()),
    ):
        with pytest.raises(LoginRequired):
            act()
    ana = make.member("ana")
    for number in range(10):
        named(ana, account=f"account {number}")
    with pytest.raises(TooMany):
        named(ana, account="one too many")
    assert told(Destination.objects.get().sealed) == {"name": "Ana Roe", "account": "account 9"}


def test_the_list_for_the_bank_is_protected_and_audited_and_holds_what_is_under_way() -> None:
    ana, _order = earned()
    ben, _other = earned("ben", price=10_050)
    named(ana, account="+86 138 1234", name="=HYPERLINK(1)")
    named(ben, name='Ben "B", Roe')
    batch = submitted()
    for who in (make.actor(ana), Actor(kind="staff", id=5, roles=frozenset({"support"}))):
        with pytest.raises(NotFound):
            actions.take_bank_list(actor=who, batch_id=batch.pk)
    assert not AuditEntry.objects.filter(action="payout_batch.bank_list").exists()

    text = actions.take_bank_list(actor=TILL, batch_id=batch.pk, reason="to the bank")
    assert text[0] == "\ufeff", "without it spreadsheets take Chinese names for others"
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    by_name = {row["name"]: row for row in rows}
    hers = by_name["'=HYPERLINK(1)"]
    assert (hers["account"], hers["amount"], hers["currency"]) == ("'+86 138 1234", "50.00", "CNY")
    assert by_name['Ben "B", Roe']["amount"] == "10.05"
    payout = Payout.objects.get(amount=5_000)
    assert hers["reference"] == f"payout-{payout.pk}-1"
    entry = AuditEntry.objects.get(action="payout_batch.bank_list")
    assert (entry.actor_id, entry.reason, entry.detail) == (77, "to the bank", {"payouts": 2})

    payments.say_sent(actor=TILL, payout_id=payout.pk, bank_ref="B-1", reason="paid")
    left = actions.take_bank_list(actor=TILL, batch_id=batch.pk)
    assert [row["name"] for row in csv.DictReader(io.StringIO(left))] == ['Ben "B", Roe']


def test_it_is_in_the_export_and_goes_with_the_account() -> None:
    ana, _order = earned()
    named(ana)
    export = legal.ask_export(actor=make.actor(ana))
    legal.make_exports(actor=story.SYSTEM)
    data = legal.take_export(actor=make.actor(ana), export_id=export.pk)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (row,) = json.loads(archive.read("data/earnings.Destination.json"))
    assert row["sealed"] == {"name": "Ana Roe", "account": IBAN}

    submitted()
    person = person_of(ana)
    assert "payout" in [each.code for each in obstacles(person)], "nobody leaves before it arrives"
    payments.say_sent(actor=TILL, payout_id=Payout.objects.get().pk, bank_ref="B-1", reason="x")
    assert obstacles(person) == []
    erasure = legal.ask_erasure(actor=make.actor(ana), handle=f"@{ana.handle}")
    with clock.at(erasure.due_at):
        assert legal.erase_due(actor=story.SYSTEM) == 1
    assert not Destination.objects.exists()


def test_the_desks_home_counts_what_waits_and_no_job_gives_it_up() -> None:
    ana, _order = earned()
    named(ana)
    submitted()
    jobs.run_sweep()
    assert waiting.sends_waiting() == 1
    with clock.at(clock.now() + dt.timedelta(days=90)):
        done = jobs.run_sweep()
        assert (done["payouts_out"], done["payouts_asked"]) == (0, 0)
        assert waiting.sends_waiting() == 1
    payments.say_sent(actor=TILL, payout_id=Payout.objects.get().pk, bank_ref="B-1", reason="x")
    assert waiting.sends_waiting() == 0


def test_what_no_key_opens_any_more_counts_as_never_said(settings: Any) -> None:
    ana, _order = earned()
    named(ana)
    batch = submitted()
    settings.SECRET_KEY = "another secret altogether"
    assert queries.my_destination(ana.pk) is None
    text = actions.take_bank_list(actor=TILL, batch_id=batch.pk)
    assert f"payout-{Payout.objects.get().pk}-1,,,50.00,CNY" in text
    payments.say_not_sent(actor=TILL, payout_id=Payout.objects.get().pk, reason="nobody knows")
    submitted()
    assert PayoutItem.objects.get(reason="no_destination").payee == ana
    named(ana)
    submitted()
    assert Payout.objects.filter(state="requested").count() == 1


def test_production_has_it_and_is_told_that_it_takes_no_payments(settings: Any) -> None:
    settings.PRODUCTION = True
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet", "hand"]
    assert [each.name for each in payers()] == ["hand"]
    assert [found.id for found in check_providers(None)] == ["payments.W001"]


def test_an_orders_story_says_that_a_person_sends_it() -> None:
    ana, order = earned()
    named(ana)
    submitted()
    jobs.run_sweep()
    payments.say_sent(actor=TILL, payout_id=Payout.objects.get().pk, bank_ref="B-1", reason="x")
    texts = [chapter.text for chapter in story_of(order.pk).chapters]
    assert "Waits to be sent by hand" in texts
    assert "The provider has taken the payout" not in texts
    assert "The payout has arrived" in texts


def test_who_has_nothing_left_is_not_asked_where_it_goes() -> None:
    ana, order = earned()
    batch = actions.draft_batch(actor=TILL)
    story.refund_all(order)
    actions.submit_batch(actor=TILL, batch_id=batch.pk)
    item = batch.items.get()
    assert (item.state, item.reason) == ("skipped", "nothing_left")
    assert not Notification.objects.exists()
    assert story.book(ana) == 0
