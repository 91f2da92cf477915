"""Leaving: settled first, closed at once, back within thirty days, then not one trace."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from banyan.chat import actions as chat
from banyan.community import actions as community
from banyan.community.models import Comment, Post
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.personal import Erase, Person, declared, in_erasing_order
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.ledger.models import Posting
from banyan.ledger.proof import verify
from banyan.legal import actions as legal
from banyan.legal import ports
from banyan.legal.models import Erasure, Export
from banyan.media.actions import intake
from banyan.media.models import Image
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case
from banyan.notify.models import Message, Preference
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from banyan.people import actions as people
from banyan.people.actions.sign_in import _code_of
from banyan.people.models import Account, Profile
from banyan.people.rules import Contact
from banyan.sharing import actions as sharing
from tests.community.posts import post as publish
from tests.moderation.test_texts import jpeg
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
MAIL, PHONE, NAME = "wanda.weaver@example.com", "+8613912345678", "Wanda Weaver"
STREET, HANDLE, FORMER = "Weaverlane 77", "wandaweaves", "wandaspins"
OURS = {"sec-fetch-site": "same-origin"}
TRACES = (MAIL, PHONE, NAME, STREET, FORMER)


@pytest.fixture(autouse=True)
def _providers(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]


def wanda() -> Account:
    account = people.create_account(
        actor=SYSTEM, contact=None, handle=FORMER, display_name=NAME, channel="email"
    )
    account = people.change_handle(actor=make.actor(account), handle=HANDLE)
    people.attach_contact(actor=SYSTEM, account=account, contact=Contact("email", MAIL))
    people.attach_contact(actor=SYSTEM, account=account, contact=Contact("sms", PHONE))
    Profile.objects.filter(account=account).update(bio=f"I am {NAME}, write to {MAIL}")
    account.refresh_from_db()
    return account


def bought_by(account: Account) -> Checkout:
    """Let an account buy, under its own contacts and address, and receive it."""
    item = make.variant(price=10_000)
    checkout = orders.place(
        actor=make.actor(account),
        lines=[orders.WantedLine(item.pk, 1)],
        contact=orders.Contact(email=MAIL, phone=PHONE),
        address={**make.ADDRESS, "recipient": NAME, "street": STREET, "phone": PHONE},
        placement_key=f"key-{item.pk}",
        provider="sandbox",
    )
    make.pay(checkout)
    order = checkout.orders.get()
    orders.write_note(
        actor=make.actor(account), order_id=order.pk, body=f"Please ring at {STREET}. {NAME}"
    )
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="Post", tracking="T")
    orders.confirm_receipt(actor=make.actor(account), order_id=order.pk)
    return checkout


def rich_life() -> Account:
    """A member who bought, wrote, shared, earned, was reported, complained, and was told of it."""
    account = wanda()
    who = make.actor(account)
    people.add_address(
        actor=who,
        fields={**make.ADDRESS, "recipient": NAME, "street": STREET, "phone": PHONE},
    )
    friend, rude = make.member(), make.member()
    people.follow(actor=who, account_id=friend.pk)
    people.block(actor=who, account_id=rude.pk)
    people.request_code(actor=who, contact=MAIL)
    image = intake(actor=who, data=jpeg(3), alt=f"{NAME} at {STREET}")
    post = publish(account, title=f"By {NAME}", body=f"Write to {MAIL}", picture=image)
    community.comment(actor=who, post_id=publish(friend).pk, body="What a bowl")
    community.comment(actor=make.actor(friend), post_id=post.pk, body="Lovely")
    community.like(actor=who, post_id=publish(friend).pk)
    board = community.make_board(actor=who, title=f"{NAME} likes")
    community.save_to_board(actor=who, post_id=publish(friend).pk, board_id=board.pk)
    moderation.report(
        actor=make.actor(friend), kind="post", subject_id=post.pk, reason="spam", note="Hm"
    )
    moderation.report(
        actor=who, kind="account", subject_id=friend.pk, reason="fraud", note=f"Ask {NAME}"
    )
    talk(account, friend)
    bought_by(account)
    item = make.variant(make.shop(), price=50_000)
    shop = item.product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    link = sharing.share(actor=who, target_kind="product", target_id=item.product_id, via=None)
    make.pay(make.place((item, 1), buyer=make.member(), via=link.code))
    make.shop(account, name=f"{NAME} pots", slug="wanda-pots")
    relay.drain()
    return account


def talk(account: Account, friend: Account) -> None:
    """Write to a friend, name people, keep drafts and lists, and belong to a group."""
    who = make.actor(account)
    people.follow(actor=make.actor(friend), account_id=account.pk)
    chat.write_to(actor=who, account_id=friend.pk, words=chat.Words(body=f"I live at {STREET}"))
    chat.write_to(actor=make.actor(friend), account_id=account.pk, words=chat.Words(body="Oh!"))
    publish(friend, body=f"With @{HANDLE} at the kiln")
    own = publish(account, body="A first version", poll=community.PollWish(["Ash", NAME], 3))
    community.edit_post(actor=who, post_id=own.pk, title="", body=f"A second one, by {NAME}")
    community.save_draft(actor=who, form={"body": [f"Not yet: {MAIL}"]})
    people.mute_word(actor=who, word="pills")
    people.make_list(actor=who, name=f"{NAME} knows")
    group = groups.make_group(
        actor=make.actor(friend), slug="kilns", data=groups.GroupInput(name="Kilns")
    )
    groups.join(actor=who, group_id=group.pk)


def settle(account: Account) -> None:
    """Let what is open come to its end: orders received, earnings paid out."""
    for order in Order.objects.filter(state="paid"):
        owner = make.actor(order.shop.owner)
        orders.ship(actor=owner, order_id=order.pk, carrier="Post", tracking="T2")
        buyer = order.checkout.buyer
        assert buyer is not None
        orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    Commission.objects.filter(state="held").update(hold_until=clock.now())
    earnings.release_due(actor=SYSTEM)
    batch = earnings.draft_batch(actor=SYSTEM)
    earnings.submit_batch(actor=SYSTEM, batch_id=batch.pk, provider="sandbox")
    for payout in Payout.objects.all():
        payments.settle_payout(
            actor=Actor.provider("sandbox"),
            payout_id=payout.pk,
            succeeded=True,
            provider_ref=f"po_{payout.pk}",
        )
    relay.drain()


def leave(account: Account) -> Erasure:
    return legal.ask_erasure(actor=make.actor(account), handle=f"@{HANDLE}")


def traces(*words: str) -> list[str]:
    """Return every "table.column" in which one of the words stands, and no declaration keeps it."""
    kept = {
        (holding.model._meta.db_table, name)
        for holding in declared().values()
        if holding.erase is Erase.KEEP
        for name in holding.fields
    }
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'tsvector', 'ARRAY')"
        )
        for table, column in cursor.fetchall():
            if (table, column) in kept:
                continue
            for word in words:
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ILIKE %s',
                    [f"%{word}%"],
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column}: {word}")
    return found


def test_nobody_leaves_before_what_is_open_is_settled() -> None:
    account = rich_life()
    with pytest.raises(Conflict) as refused:
        leave(account)
    assert refused.value.code == "not_settled"
    codes = {one["code"] for one in refused.value.extra["obstacles"]}
    assert "earnings" in codes
    assert Account.objects.get(pk=account.pk).is_active
    browser = Client()
    browser.force_login(account)
    page = browser.get("/me/data").content.decode()
    assert "You have earnings whose orders are not over yet." in page
    assert not Erasure.objects.exists()


def test_a_rich_account_is_erased_without_a_trace_and_the_books_stay_clean() -> None:
    account = rich_life()
    settle(account)
    assert ports.obstacles(Person(account_id=account.pk)) == []
    before = sum(Posting.objects.values_list("amount", flat=True))
    postings = Posting.objects.count()
    own_picture = Image.objects.get(owner_id=account.pk)
    assert len(traces(*TRACES)) > 10, "the test would see them"

    erasure = leave(account)
    relay.drain()
    assert not Account.objects.get(pk=account.pk).is_active
    assert legal.erase_due(actor=SYSTEM) == 0, "thirty days are not over"
    with clock.at(erasure.due_at):
        assert legal.erase_due(actor=SYSTEM) == 1
        assert legal.erase_due(actor=SYSTEM) == 0
        relay.drain()
        people.count_words()
        community.count_words()

    assert traces(*TRACES) == []
    by_a_friend = {"community_post.body", "community_postwords.words", "kernel_searchword.word"}
    assert {found.partition(":")[0] for found in traces(HANDLE)} <= by_a_friend
    assert Group.objects.get().members == 1
    gone = Account.objects.get(pk=account.pk)
    assert (gone.email, gone.phone, gone.display_name) == (None, None, "Deleted member")
    assert not gone.has_usable_password()
    assert not Image.objects.filter(pk=own_picture.pk).exists()
    assert not Post.objects.filter(author=account).exclude(body="").exists()
    said = Comment.objects.get(body="What a bowl")
    assert (said.author.handle, said.deleted_at) == ("deleted-member", None)
    page = Client().get(f"/p/{said.post_id}").content.decode()
    assert "What a bowl" in page
    assert "Deleted member" in page
    assert Case.objects.exists()
    assert sum(Posting.objects.values_list("amount", flat=True)) == before
    assert Posting.objects.count() == postings
    assert verify().clean
    assert Erasure.objects.get().state == "done"


def sign_in(browser: Client) -> Any:
    attempt = people.request_code(actor=Actor.guest(), contact=MAIL)
    return browser.post(f"/login/{attempt.token}", {"code": _code_of(attempt)}, follow=True)


def test_a_sign_in_within_the_grace_asks_and_only_the_choice_brings_all_back() -> None:
    account = wanda()
    post = publish(account, title="My bowls")
    erasure = leave(account)
    browser, stranger = Client(headers=OURS), Client(headers=OURS)
    assert stranger.get(f"/p/{post.pk}").status_code == 404
    with clock.at(clock.now() + dt.timedelta(days=29)):
        asked = sign_in(browser)
        assert f"{erasure.due_at:%Y-%m-%d}" in asked.content.decode()
        assert browser.get("/me").status_code == 302, "nothing is open yet"
        assert Erasure.objects.get().state == "waiting"
        gone = browser.post("/login/leaving", {"choice": "go"}, follow=True)
        assert "Your account stays closed." in gone.content.decode()
        assert browser.post("/login/leaving", {"choice": "stay"}).status_code == 404, "asked once"
        assert Erasure.objects.get().state == "waiting"
        sign_in(browser)
        assert stranger.get("/login/leaving").status_code == 404, "another browser proved nothing"
        browser.post("/login/leaving", {"choice": "stay"})
        assert browser.get("/me").status_code == 200
    assert Erasure.objects.get().state == "cancelled"
    assert stranger.get(f"/p/{post.pk}").status_code == 200
    with clock.at(clock.now() + dt.timedelta(days=31)):
        assert legal.erase_due(actor=SYSTEM) == 0


def test_signing_in_does_not_lift_a_suspension() -> None:
    account = wanda()
    leave(account)
    moderation_case = Case.objects.create(
        subject_kind="account", subject_id=account.pk, author=account, source="report",
        opened_at=clock.now(),
    )  # fmt: skip
    moderation.decide_case(
        actor=SYSTEM, case_id=moderation_case.pk, verdict="suspend", reason="fraud", words="A fraud"
    )
    browser = Client(headers=OURS)
    sign_in(browser)
    assert browser.post("/login/leaving", {"choice": "stay"})["Location"] == "/login/closed"
    assert browser.get("/me").status_code == 302
    assert Erasure.objects.get().state == "cancelled", "that choice is theirs all the same"
    assert not Account.objects.get(pk=account.pk).is_active


def test_the_page_asks_for_the_name_and_signs_out() -> None:
    account = wanda()
    browser = Client()
    browser.force_login(account)
    assert "/me/data" in browser.get("/me").content.decode()
    wrong = browser.post("/me/data", {"handle": "somebody"})
    assert wrong.status_code == 422
    assert not Erasure.objects.exists()
    done = browser.post("/me/data", {"handle": HANDLE}, follow=True)
    assert "Your account is closed." in done.content.decode()
    assert browser.get("/me").status_code == 302
    relay.drain()
    assert Message.objects.filter(kind="account.leaving", destination=MAIL).count() == 1


def test_who_leaves_reads_the_hour_until_which_they_can_come_back_by_their_own_clock() -> None:
    account = wanda()
    Preference.objects.create(account=account, time_zone="America/Los_Angeles")
    browser = Client()
    browser.force_login(account)
    asked = dt.datetime(2027, 1, 5, 3, 20, tzinfo=dt.UTC)  # the evening before, there
    with clock.at(asked):
        page = browser.post("/me/data", {"handle": HANDLE}, follow=True).content.decode()
        relay.drain()
    due = "2027-02-03 19:20 UTC-8"
    assert Erasure.objects.get().due_at == dt.datetime(2027, 2, 4, 3, 20, tzinfo=dt.UTC)
    assert due in page
    assert due in Message.objects.get(kind="account.leaving").body


def test_until_when_a_file_can_be_fetched_is_told_to_the_minute() -> None:
    account = wanda()
    Preference.objects.create(account=account, time_zone="America/Los_Angeles")
    browser = Client()
    browser.force_login(account)
    with clock.at(dt.datetime(2027, 1, 5, 3, 20, tzinfo=dt.UTC)):
        legal.ask_export(actor=make.actor(account))
        legal.make_exports(actor=SYSTEM)
        assert "Once, until 2027-01-11 19:20 UTC-8." in browser.get("/me/data").content.decode()


def test_a_group_is_handed_over_or_closed_first() -> None:
    account = wanda()
    groups.make_group(actor=make.actor(account), slug="kilns", data=groups.GroupInput(name="Kilns"))
    with pytest.raises(Conflict) as refused:
        leave(account)
    assert [one["code"] for one in refused.value.extra["obstacles"]] == ["group"]
    groups.close_group(actor=make.actor(account), group_id=Group.objects.get().pk)
    erasure = leave(account)
    with clock.at(erasure.due_at):
        assert legal.erase_due(actor=SYSTEM) == 1


def test_those_who_have_something_open_again_keep_nobody_else_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaving = [make.member() for _ in range(4)]
    erasures = [
        legal.ask_erasure(actor=make.actor(one), handle=f"@{one.handle}") for one in leaving
    ]
    stuck = {erasure.account_id for erasure in erasures[:3]}
    open_again = ports.Obstacle("order", "An order is on its way.")
    monkeypatch.setitem(
        ports._checks, "test", lambda person: [open_again] if person.account_id in stuck else []
    )

    with clock.at(clock.now() + dt.timedelta(days=31)):
        runs = [legal.erase_due(actor=SYSTEM, piece=1, most=2) for _ in range(2)]

    assert sum(runs) == 1
    assert Erasure.objects.get(pk=erasures[3].pk).state == "done"


def test_staff_and_shops_with_others_are_settled_first() -> None:
    boss = make.staff("support")
    with pytest.raises(Conflict):
        legal.ask_erasure(actor=make.actor(boss), handle=boss.handle)
    with pytest.raises(Invalid):
        legal.ask_erasure(actor=make.actor(make.member("ada")), handle="ben")
    assert not Erasure.objects.exists()


def unzip(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: json.loads(archive.read(name)) if name.endswith(".json") else archive.read(name)
            for name in archive.namelist()
        }


def test_an_export_holds_all_of_ones_own_and_nothing_that_opens_something() -> None:
    account = rich_life()
    browser = Client()
    browser.force_login(account)
    assert browser.post("/me/data/export").status_code == 302
    assert browser.post("/me/data/export").status_code == 302
    assert Export.objects.count() == 1
    assert legal.make_exports(actor=SYSTEM) == 1
    relay.drain()
    export = Export.objects.get()
    assert Message.objects.filter(kind="export.ready", destination=MAIL).exists()

    stranger = Client()
    stranger.force_login(make.member())
    assert stranger.post(f"/me/data/export/{export.pk}").status_code == 404
    answer = browser.post(f"/me/data/export/{export.pk}")
    files = unzip(answer.content)
    assert files["data/people.Address.json"][0]["street"] == STREET
    assert files["data/orders.Checkout.json"][0]["contact_email"] == MAIL
    assert files["data/community.Post.json"][0]["body"] == f"Write to {MAIL}"
    assert any(name.startswith("pictures/") for name in files)
    assert files["how-long-it-is-kept.json"]["people.Address"]
    told = json.dumps({k: v for k, v in files.items() if k.endswith(".json")})
    for secret in ("password", "access_token", "token_hash", "salt"):
        assert f'"{secret}"' not in told
    assert browser.post(f"/me/data/export/{export.pk}").status_code == 409, "once"
    export.refresh_from_db()
    assert (export.state, export.file) == ("taken", "")


def test_an_export_that_nobody_fetches_is_gone_after_a_week() -> None:
    account = wanda()
    export = legal.ask_export(actor=make.actor(account))
    legal.make_exports(actor=SYSTEM)
    with clock.at(clock.now() + dt.timedelta(days=7, minutes=1)):
        with pytest.raises(Conflict):
            legal.take_export(actor=make.actor(account), export_id=export.pk)
        assert legal.expire_exports(actor=SYSTEM) == 1
        assert legal.expire_exports(actor=SYSTEM) == 0
    with pytest.raises(NotFound):
        legal.take_export(actor=make.actor(make.member()), export_id=export.pk)


def guest_purchase(email: str) -> Checkout:
    checkout = make.place((make.variant(), 1), email=email)
    make.pay(checkout)
    return checkout


def finish(checkout: Checkout) -> None:
    order = checkout.orders.get()
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="Post", tracking="T")
    orders.confirm_receipt(
        actor=Actor.guest(), order_id=order.pk, access_token=checkout.access_token
    )


def test_a_guest_takes_along_and_erases_one_purchase_by_its_link() -> None:
    mail = "gustav.guest@example.com"
    checkout, other = guest_purchase(mail), guest_purchase(mail)
    relay.drain()
    browser = Client()
    url = f"/o/{checkout.access_token}/data"
    assert url in browser.get(f"/o/{checkout.access_token}").content.decode()
    assert browser.post(url, {"sure": "yes"}).status_code == 409, "it is on its way"
    finish(checkout)
    relay.drain()
    browser.post(url, {"export": "yes"})
    legal.make_exports(actor=SYSTEM)
    export = Export.objects.get()
    assert Client().post(f"/o/{other.access_token}/data/{export.pk}").status_code == 404
    files = unzip(browser.post(f"{url}/{export.pk}").content)
    told = files["data/orders.Checkout.json"]
    assert [row["number"] for row in told] == [checkout.number], "nothing of the other purchase"

    assert browser.post(url, {}).status_code == 422
    assert browser.post(url, {"sure": "yes"}).status_code == 302
    checkout.refresh_from_db()
    other.refresh_from_db()
    assert (checkout.contact_email, checkout.contact_phone, checkout.address) == ("", "", {})
    assert other.contact_email == mail, "the link of one purchase opens no other"
    assert not Message.objects.filter(cause_id=checkout.pk, destination=mail).exists()
    assert browser.get(f"/o/{checkout.access_token}").status_code == 200
    assert AuditEntry.objects.filter(action="purchase.erase").count() == 1


def test_every_declaration_can_be_asked_for_a_persons_rows() -> None:
    person = Person(account_id=1, guest_id=2, contacts=frozenset({"a@example.com"}))
    asked = [holding.rows(person).count() for holding in in_erasing_order()]
    assert sum(asked) == 0
    assert len(asked) == len(
        [model for model in apps.get_models(include_auto_created=True) if model in declared()]
    )
