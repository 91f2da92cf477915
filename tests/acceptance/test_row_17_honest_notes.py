"""Row 17: notes about goods lead to orders; whoever may earn from one is seen to, everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.test import Client

from banyan.community.labels import label
from banyan.community.models import Post
from banyan.earnings.actions import set_plan
from banyan.earnings.models import Commission
from banyan.orders.models import Checkout, OrderLine
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import ports
from banyan.sharing.models import Link
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.sandbox import Sandbox
from tests.support.walkers import Town, Walker, payment_ref

pytestmark = pytest.mark.django_db

EARNS = "May earn from this"


def verified(handle: str) -> Account:
    account = make.member(handle)
    make.pay(make.place((make.variant(price=1_000), 1), buyer=account))
    return account


def surfaces(reader: Account, note: Post, repin: Post) -> dict[str, Callable[[], str]]:
    """Return every place where the note or its repin is read, as calls that read it."""
    browser, anybody = Client(), Client()
    browser.force_login(reader)

    def page(client: Client, url: str) -> Callable[[], str]:
        return lambda: client.get(url).content.decode()

    return {
        "following": page(browser, "/"),
        "explore": page(anybody, "/explore"),
        "profile": page(anybody, "/@ana"),
        "note": page(anybody, f"/p/{note.pk}"),
        "repin": page(anybody, f"/p/{repin.pk}"),
        "embed": page(anybody, f"/p/{note.pk}/embed"),
        "embed of the repin": page(anybody, f"/p/{repin.pk}/embed"),
        "rss": page(anybody, "/@ana/rss"),
        "rss of the repin": page(anybody, "/@ben/rss"),
        "topic": page(anybody, "/t/books"),
        "rss of the topic": page(anybody, "/t/books/rss"),
        "search": page(anybody, "/explore?q=winter"),
        "api": page(anybody, f"/api/v1/posts/{note.pk}"),
        "api of the repin": page(anybody, f"/api/v1/posts/{repin.pk}"),
        "api of the author": page(anybody, "/api/v1/people/ana/posts"),
    }


def test_row_17_a_note_leads_to_an_order_and_says_who_may_earn_even_afterwards(
    town: Town, sandbox: Sandbox
) -> None:
    ana, ben, cy = verified("ana"), verified("ben"), make.member("cyrus")
    people.follow(actor=make.actor(cy), account_id=ana.pk)
    people.follow(actor=make.actor(cy), account_id=ben.pk)
    shop = make.shop()
    book = make.product(shop, price=10_000, title="A book")

    # Ana writes while nobody pays for sharing; Ben shows it on
    writer = Walker(town, ana)
    written = writer.browser.post(
        "/post",
        {
            "pictures": staged_picture(make.actor(ana)),
            "title": "Winter reading",
            "body": "An honest note #books",
            "product": book.pk,
        },
    )
    assert written.status_code == 302
    note = Post.objects.get(author=ana)
    assert Walker(town, ben).browser.post(f"/p/{note.pk}/repin").status_code == 302
    repin = Post.objects.get(author=ben)
    read = surfaces(cy, note, repin)
    for where, look in read.items():
        shown = look()
        assert "Winter reading" in shown, where
        assert EARNS not in shown, where
    card = ports.card("post", note.pk)
    assert card is not None
    assert card.label == ""

    # The commission comes after the note: the label stands everywhere at once
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    for where, look in read.items():
        assert EARNS in look(), where
    for target in (note, repin):
        drawn = ports.card("post", target.pk)
        assert drawn is not None
        assert drawn.label == EARNS
    head = Client().get(f"/p/{note.pk}").content.decode()
    assert re.search(rf'property="og:description" content="{EARNS}', head)
    ElementTree.fromstring(Client().get("/@ana/rss").content)

    # A reader orders through the note: its author is credited
    link = Link.objects.get(owner=ana, target_kind="post", target_id=note.pk)
    reader = Walker(town)
    reader.open(link.code)
    assert EARNS in reader.page
    reader.follow(r"^/shop/[^/]+/[^/?]+\?")
    sandbox.pay(payment_ref(reader.buy(email="reader@example.com")))
    checkout = Checkout.objects.get(contact_email="reader@example.com")
    reader.go(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    line = OrderLine.objects.get(order__checkout=checkout)
    assert [step["handle"] for step in line.path] == ["ana"]
    assert Commission.objects.get(line=line).payee_id == ana.pk

    # It ends: so does the label
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=0)
    for where, look in read.items():
        assert EARNS not in look(), where


@pytest.mark.parametrize(
    ("declared", "said"), [("paid", "Paid partnership"), ("gift", "as a gift")]
)
def test_row_17_what_an_author_got_for_it_is_said_in_the_repin_too(
    declared: str, said: str
) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    browser = Client()
    browser.force_login(ana)
    form = {"pictures": staged_picture(make.actor(ana)), "title": "N", "declared": declared}
    assert browser.post("/post", form).status_code == 302
    note = Post.objects.get()
    browser.force_login(ben)
    browser.post(f"/p/{note.pk}/repin", {"note": "Look"})
    for pk in Post.objects.values_list("pk", flat=True):
        assert said in Client().get(f"/p/{pk}").content.decode()
        answer = Client().get(f"/api/v1/posts/{pk}").json()
        assert answer["disclosure"]["reason"] == declared
        assert answer["disclosure"]["label"] == label(declared)  # type: ignore[arg-type]
