"""What the crawler finds besides the demo: something of everything that has a page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.campaigns import actions as campaigns
from banyan.catalog import actions as catalog
from banyan.catalog.models import (
    Shop,
    Variant,
)
from banyan.catalog.reminders import BACK
from banyan.community import actions as community
from banyan.community.models import Post
from banyan.delivery import actions as delivery
from banyan.delivery.models import Voucher
from banyan.earnings import actions as earnings
from banyan.groups.models import Group
from banyan.insights.actions import import_cascades
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.media.actions import claim_staged
from banyan.notify.actions import remind
from banyan.ops.demo.stage import ADDRESS
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments import actions as payments
from banyan.payments.models import Refund
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.campaigns.scene import draft
from tests.delivery import goods
from tests.sales.scene import on
from tests.support import factories as make
from tests.support.pictures import staged_picture


def something_of_everything() -> None:
    """Give the cast something of everything that has a page."""
    ana, mio = (Account.objects.get(handle=handle) for handle in ("ana", "mio"))
    who, owner = make.actor(ana), make.actor(mio)
    kiln = Shop.objects.get(owner=mio)
    variant = Variant.objects.filter(product__shop=kiln).order_by("id")[0]
    for street in ("Lakeside Road 1", "Lakeside Road 2"):
        people.add_address(actor=who, fields=ADDRESS | {"street": street})
    people.create_token(actor=who, name="script")
    people.block(actor=who, account_id=Account.objects.get(handle="pim").pk)
    _circle(ana)
    board = community.make_board(actor=who, title="Kitchen")
    community.save_to_board(actor=who, post_id=Post.objects.order_by("id")[0].pk, board_id=board.pk)
    cart = orders.cart_for(actor=who)
    orders.add_to_cart(actor=who, cart=cart, variant_id=variant.pk, quantity=1)
    asked, failed = (make.pay(make.place((variant, 1), buyer=ana)) for _ in range(2))
    make.place((variant, 1), buyer=ana)
    orders.ask_refund(
        actor=who, order_id=asked.orders.get().pk, amount=100, reason="chipped", key="crawl-1"
    )
    _failed_refund(owner, failed)
    newest = Post.objects.filter(repin_of=None, visibility=0).order_by("-id")[0]
    community.comment(actor=who, post_id=newest.pk, body="Mine, too")
    _earned(ana, mio, variant)
    _in_a_sale(ana, mio, kiln)
    trial = draft(kiln, "group_buy", variant=variant.pk, price=1, title="Cups together")
    campaigns.open_preview(actor=owner, campaign_id=trial.pk)
    make.right(Account.objects.get(handle="pim"), variant, 1)
    _without_parcel(kiln, ana)
    catalog.invite(actor=owner, shop_id=kiln.pk, to="@ana", role="clerk")
    payments.issue_credit(
        actor=Actor.system("test"),
        account_id=ana.pk,
        amount=Money(500, "CNY"),
        key="c",
        reason="hi",
    )
    picture = claim_staged(actor=who, tokens=[staged_picture(who)])
    clay = Group.objects.get(slug="clay-and-tea")
    community.publish_post(actor=who, images=picture, title="Of her own", group_id=clay.pk)
    _talk(ana, mio, newest)
    for link in Link.objects.filter(owner=ana).order_by("-id")[:6]:
        sharing.record_touch(actor=Actor.guest("robot"), link=link, verdict="bot")
    import_cascades(lines=["1\tana\t1500000000\t2\tana:0 ana/ben:60\n"], source="crawl")


def _circle(account: Account) -> None:
    """Give a member somebody who asks, somebody muted, a list with people and an address book."""
    who, fan, noisy = make.actor(account), make.member("crawlfan"), make.member("crawlnoisy")
    people.set_privacy(actor=who, approves_followers=True, is_suggested=True)
    people.follow(actor=make.actor(fan), account_id=account.pk)
    people.mute_person(actor=who, account_id=noisy.pk)
    people.mute_word(actor=who, word="noise")
    made = people.make_list(actor=who, name="Kitchen people")
    people.add_to_list(actor=who, list_id=made.pk, account_id=noisy.pk)
    people.record_consent(actor=who, purpose="contacts", granted=True)
    people.keep_book(actor=who, text="crawl@example.com", region="CN")


def _talk(ana: Account, mio: Account, newest: Post) -> None:
    """Let Mio ask and share a board with Ana, who answers and keeps a draft; Kai shows it on."""
    who, other = make.actor(ana), make.actor(mio)
    asked = community.publish_post(
        actor=other,
        images=[],
        kind="question",
        title="Which one?",
        body="#Kitchen",
        poll=community.PollWish(["Ash", "Oak"]),
    )
    community.edit_post(actor=other, post_id=asked.pk, title="Which one, please?", body="#Kitchen")
    clerk = make.actor(Account.objects.get(handle="kai"))
    community.repin(actor=clerk, post_id=asked.pk, note="#Kitchen")
    community.comment(actor=who, post_id=asked.pk, body="Oak")
    root = community.comment(actor=other, post_id=newest.pk, body="First")
    for word in ("Yes", "No", "Perhaps"):
        community.comment(actor=who, post_id=newest.pk, body=word, parent_id=root.pk)
    community.save_draft(actor=who, form={"title": ["Not yet"]})
    shared = community.make_board(actor=other, title="Together")
    community.save_to_board(actor=other, post_id=newest.pk, board_id=shared.pk, note="For all")
    community.invite_to_board(actor=other, board_id=shared.pk, handle=ana.handle)
    community.count_heat()


def _without_parcel(shop: Shop, buyer: Account) -> None:
    """Sell a key, a file and a service; a till without a network takes the service twice."""
    # The keys last: the newest goods stand first in the studio, and theirs have most to show.
    file, service, key = goods.filed(of=shop), goods.voucher(of=shop), goods.keyed(n=2, of=shop)
    make.pay(make.place((key, 1), (file, 1), (service, 2), buyer=buyer))
    code = delivery.open_voucher(Voucher.objects.filter(number=1).latest("id"))
    for number in range(2):
        delivery.redeem(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            code=code,
            key=f"crawl-{number}",
            device=delivery.Device(
                name="phone-1", scanned_at=clock.now(), skew=dt.timedelta(seconds=3)
            ),
        )
    relay.drain()


def _earned(sharer: Account, owner: Account, item: Variant) -> None:
    """Let a share earn something whose return window is over; both say where their money goes."""
    earnings.set_destination(
        actor=make.actor(sharer), name=sharer.display_name, account="DE02 1203"
    )
    link = sharing.share(
        actor=make.actor(sharer), target_kind="product", target_id=item.product_id, via=None
    )
    buyer = make.member("crawlbuyer")
    order = make.pay(make.place((item, 1), buyer=buyer, via=link.code)).orders.get()
    orders.ship(actor=make.actor(owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    shop, system = item.product.shop, Actor.system("test")
    earnings.set_shop_destination(
        actor=make.actor(owner), shop_id=shop.pk, name=shop.name, account="DE02 1204"
    )
    with clock.at(clock.now() + dt.timedelta(days=91)):
        earnings.release_due(actor=system)
        batch = earnings.draft_shop_batch(actor=system, shops=[shop.pk])
        earnings.submit_batch(actor=system, batch_id=batch.pk, provider="sandbox")


def _in_a_sale(member: Account, owner: Account, shop: Shop) -> None:
    """Put something in a sale: the member has a unit by code, and it is their turn besides."""
    item, gone = make.variant(shop, stock=9), make.variant(shop, stock=0)
    who, boss = make.actor(member), make.actor(owner)
    place = catalog.add_location(actor=boss, shop_id=shop.pk, name="Cellar")
    catalog.transfer(actor=boss, variant_id=item.pk, quantity=1, source_id=None, target_id=place.pk)
    sale = on(item, public=2, code=2, admission="queue", first_seconds=0, per_person=2)
    batch = sales.issue_codes(
        actor=boss, sale_id=sale.pk, variant_id=item.pk, channel="crawl", count=1
    )
    [code] = sales.codes_of(actor=boss, batch_id=batch.pk)
    sales.enter_code(actor=who, sale_id=sale.pk, code=code.code)
    sales.enter_room(actor=who, sale_id=sale.pk)
    sales.advance_sale(actor=Actor.system("test"), sale=Sale.objects.get(pk=sale.pk))
    remind(actor=Actor.guest(), kind=BACK, subject_id=gone.pk, contact="b@example.com")


def _failed_refund(owner: Any, checkout: Checkout) -> None:
    granted = orders.grant_refund(
        actor=owner, order_id=checkout.orders.get().pk, amount=100, reason="chip", key="crawl-2"
    )
    sent = Refund.objects.get(subject_kind="order_refund", subject_id=granted.pk)
    payments.settle_refund(
        actor=Actor.provider("sandbox"),
        refund_id=sent.pk,
        sequence=sent.attempts or 1,
        succeeded=False,
        provider_ref=f"re_{sent.pk}",
        money=Money(sent.amount, sent.currency),
    )
