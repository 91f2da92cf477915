"""Row 43: shops are held to facts that shoppers see; bad goods leave every page by one act."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from banyan.catalog import actions as catalog
from banyan.catalog.ports import check_campaigning
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account, StaffRole
from banyan.sharing.actions import share
from banyan.standing import actions as standing
from banyan.standing.models import Appeal, Report, Takedown
from banyan.storefronts import actions as storefronts
from tests.sales.scene import planned
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.walkers import Town, Walker
from tests.web.shop.cards import tagged_post

pytestmark = pytest.mark.django_db


def signed_in(account: Account) -> Client:
    browser = Client()
    browser.force_login(account)
    return browser


def at_the_desk(browser: Client, path: str, **typed: str) -> None:
    """Press a button of the desk, with its form's token."""
    form = browser.get(path)
    assert form.status_code == 200, form.status_code
    token = re.search(r'name="token" value="([^"]+)"', form.content.decode())
    sent = typed | ({"token": token.group(1)} if token else {})
    answer: Any = browser.post(path, sent)
    assert answer.status_code == 302, answer.content.decode()[-2000:]


def test_row_43_below_the_bar_until_an_appeal_is_upheld(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make.variant(stock=20)
    shop = item.product.shop
    made = [make.pay(make.place((item, 1))).orders.get() for _ in range(10)]
    owner = make.actor(shop.owner)
    for order in made[:7]:
        orders.ship(actor=owner, order_id=order.pk, carrier="Post")
    guest = Client()
    for order in made[:2]:
        at = f"/o/{order.checkout.access_token}/{order.pk}/dispute"
        typed = {"reason": "damaged", "amount": "1.00", "body": "Broken."}
        assert guest.post(at, typed).status_code == 302
    later = clock.now() + dt.timedelta(days=3, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    standing.count_all(actor=Actor.system("test"))

    # a campaign is refused with the facts, and everybody can read them
    studio = signed_in(shop.owner)
    sale = planned(item)
    press = f"/studio/{shop.slug}/sales/{sale.pk}/act"
    answer: Any = studio.post(press, {"do": "publish"})
    assert answer.status_code == 422
    assert "Your standing page shows what is amiss." in answer.content.decode()
    sale.refresh_from_db()
    assert sale.state == "draft"
    assert "3 of 10" in studio.get(f"/studio/{shop.slug}/standing").content.decode()
    with pytest.raises(Conflict) as refused:
        check_campaigning(shop.pk)
    assert refused.value.code == "below_the_bar"
    assert refused.value.extra == {"orders": 10, "over": {"late": 3, "disputes": 2}}
    facts = Client().get(f"/shop/{shop.slug}/about/standing").content.decode()
    assert "3 of 10" in facts
    assert "2 of 10" in facts
    assert "over a limit" in Client().get(f"/shop/{shop.slug}/{item.product.slug}").content.decode()

    page = studio.get(f"/studio/{shop.slug}/standing").content.decode()
    chosen = re.findall(r'name="fact" value="([^"]+)"', page)
    assert len(chosen) == 5
    stranger = signed_in(make.member())
    assert stranger.get(f"/studio/{shop.slug}/standing").status_code == 404
    appealed = {"fact": chosen, "body": "A storm closed the roads."}
    assert stranger.post(f"/studio/{shop.slug}/standing/appeal", appealed).status_code == 404
    assert studio.post(f"/studio/{shop.slug}/standing/appeal", appealed).status_code == 302
    at_the_desk(
        signed_in(make.staff("moderation")),
        f"/desk/appeals/{Appeal.objects.get().pk}/do/uphold/",
        reason="The storm is on record.",
    )

    assert studio.post(press, {"do": "publish"}).status_code == 302
    sale.refresh_from_db()
    assert sale.state == "scheduled"
    assert "0 of 10" in Client().get(f"/shop/{shop.slug}/about/standing").content.decode()
    assert "The storm is on record." in studio.get(f"/studio/{shop.slug}/standing").content.decode()


def test_row_43_one_act_takes_it_down_everywhere() -> None:
    item = make.variant(stock=10, price=3_000)
    product = item.product
    shop = product.shop
    ana = make.member("ana")
    link = share(actor=make.actor(ana), target_kind="product", target_id=product.pk, via=None)
    corner = stalls.page("ben")
    offer = storefronts.select_product(actor=stalls.owner_of(corner), product_id=product.pk)
    best = catalog.make_collection(
        actor=make.actor(shop.owner), shop_id=shop.pk, data=catalog.CollectionInput("Best")
    )
    catalog.put_in_collection(
        actor=make.actor(shop.owner), collection_id=best.pk, product_id=product.pk
    )
    post = tagged_post(ana, product)
    places = [
        f"/shop/{shop.slug}", f"/c/{shop.slug}/best", "/store/ben", "/explore", "/",
        f"/explore?q={product.title}", f"/p/{post.pk}",
    ]  # fmt: skip
    page = f"/shop/{shop.slug}/{product.slug}"
    for path in places:
        assert page in Client().get(path).content.decode(), path
    assert Client().get(f"/embed/offer/{offer.code}").status_code == 200
    unpaid = make.place((item, 1))
    paid = make.pay(make.place((item, 2))).orders.get()
    reporter = signed_in(make.member())
    told = {"reason": "unsafe", "body": "It gets hot."}
    assert reporter.post(f"/report/{product.pk}", told).status_code == 302

    at_the_desk(
        signed_in(make.staff("moderation")),
        f"/desk/reports/{Report.objects.get().pk}/do/take-down/",
        code="unsafe",
        reason="It gets hot.",
    )
    takedown = Takedown.objects.get()
    standing.settle_takedown(actor=Actor.system("test"), takedown_id=takedown.pk)

    assert Client().get(page).status_code == 404
    assert Client().get(f"/s/{link.code}").status_code == 404
    for path in places:
        answer = Client().get(path)
        assert answer.status_code == 200, path
        assert page not in answer.content.decode(), path
    assert Client().get(f"/embed/offer/{offer.code}").status_code == 404
    assert Client().get(f"/checkout?variant={item.pk}").status_code >= 400
    unpaid.refresh_from_db()
    paid.refresh_from_db()
    assert unpaid.state == "cancelled"
    assert paid.refunded_amount == 6_000
    assert Order.objects.get(pk=paid.pk).state == "closed"
    # its shop cannot put it back: not by a button, not by a file, not as its own moderator
    owner = signed_in(shop.owner)
    for wish in ("publish", "unpublish", "archive"):
        again = owner.post(f"/studio/{shop.slug}/goods/{product.pk}/state", {"do": wish})
        assert again.status_code == 422
        assert "The platform has taken this down." in again.content.decode()
    kept = catalog.keep_product_file(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        data=f"Handle,Title,Status\n{product.slug},Again,active\n".encode(),
        name="goods.csv",
    )
    with pytest.raises(catalog.ImportRefused) as refused:
        catalog.take_in_products(actor=make.actor(shop.owner), token=kept.token, set_stock=False)
    assert [fault.code for fault in refused.value.faults] == ["taken_down"]
    StaffRole.objects.create(account=shop.owner, role="moderation")
    shop.owner.is_staff = True
    shop.owner.save(update_fields=["is_staff"])
    with pytest.raises(Forbidden):
        standing.lift_takedown(
            actor=make.actor(shop.owner), takedown_id=takedown.pk, reason="It is fine."
        )
    product.refresh_from_db()
    assert product.state == "taken_down"
    assert Client().get(page).status_code == 404


def test_row_43_age(town: Town) -> None:
    item = make.product(min_age=18, title="Plum wine").variants.get()
    page = f"/shop/{item.product.shop.slug}/{item.product.slug}"
    walker = Walker(town)

    asked = walker.go(page)
    assert "Plum wine" not in asked
    assert "CN¥" not in asked
    for aside in ("/reviews", "/posts"):
        assert "Plum wine" not in walker.go(page + aside)
    assert "Plum wine" not in walker.go(f"/checkout?variant={item.pk}")
    refused = walker.browser.post("/age", {"age": "18", "next": page, "old_enough": "no"})
    assert refused["Location"] != page
    assert "Plum wine" not in walker.go(page)
    elsewhere = walker.browser.post(
        "/age", {"age": "18", "next": "https://elsewhere.example/x", "old_enough": "yes"}
    )
    assert elsewhere["Location"] == "/"
    walker.browser.cookies.clear()

    walker.browser.post("/age", {"age": "18", "next": page, "old_enough": "yes"})
    assert "Plum wine" in walker.go(page)
    assert walker.buy(email="b@example.com")
