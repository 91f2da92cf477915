"""A little world of one of everything, and the ids by which routes name it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from banyan.campaigns import actions as campaigns
from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop, Variant
from banyan.chat import actions as chat
from banyan.community import actions as community
from banyan.delivery import actions as delivery
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.entitlements import actions as entitlements
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.media.actions import claim_staged
from banyan.notify.actions import notify
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.payments.actions.credit import issue_credit
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.storefronts import actions as storefronts
from tests.campaigns.scene import draft
from tests.delivery import goods
from tests.groups import circles
from tests.market.deals import listing
from tests.support import factories as make
from tests.support import prices
from tests.support.pictures import staged_picture


@dataclass(frozen=True, slots=True)
class World:
    """``owner`` has the shop, ``sharer`` posted and shared, ``buyer`` bought and asked a refund.

    ``ids`` maps the names of path parameters to what is there, and those of two lines that
    bodies name. A parameter that means two things is told apart by ``ids_for``.
    """

    owner: Account
    sharer: Account
    buyer: Account
    shop: Shop
    ids: dict[str, str]

    def ids_for(self, path: str) -> dict[str, str]:
        """Return the ids as ``path`` means them: a zone of taxes is not one of delivery, and what
        is handed over without a parcel is another product.
        """
        if "/tax-zones" in path:
            return self.ids | {"zone_id": self.ids["tax_zone_id"]}
        if "/me/lists" in path:
            return self.ids | {"list_id": self.ids["people_list_id"]}
        if path.startswith("/products") and path.endswith("/file"):
            return self.ids | {"product_id": self.ids["file_product_id"]}
        if path.endswith(("/terms", "/keys")) and "coupons" not in path:
            return self.ids | {
                "product_id": self.ids["keys_product_id"],
                "variant_id": self.ids["keys_variant_id"],
            }
        return self.ids

    def at(self, path: str) -> str:
        """Return the address of what is there for a route's path."""
        return path.format(**self.ids_for(path))


def _terms(shop: Shop, item: Variant) -> dict[str, int]:
    """Give the shop a way of delivery, a tax and a price list; return their ids."""
    way = prices.first_way(shop)
    return {
        "zone_id": way.zone_id,
        "method_id": way.pk,
        "tax_zone_id": prices.tax(shop, "CN", rate=0).pk,
        "list_id": prices.price_list(shop, {item: 90}).pk,
    }


def _packet(sender: Account, room_id: int) -> str:
    """Have somebody fill a packet for a room; return its code."""
    credit = Money(100, "CNY")
    issue_credit(
        actor=Actor.system("test"), account_id=sender.pk, amount=credit, key="world", reason="gift"
    )
    wanted = campaigns.PacketInput(total=credit, count=5, room_id=room_id)
    return campaigns.fill_packet(actor=make.actor(sender), data=wanted, key="world").code


def _without_parcel(shop: Shop) -> dict[str, int]:
    """Return the ids of a product that is sold by licence keys, of which there is one, and of one
    that is sold as a file.
    """
    owner = make.actor(shop.owner)
    data = catalog.ProductInput(
        title="A game", kind="digital", variants=[catalog.VariantInput(price=5_000)]
    )
    product = catalog.create_product(actor=owner, shop_id=shop.pk, data=data)
    item = product.variants.get()
    delivery.set_terms(actor=owner, product_id=product.pk, terms=delivery.TermsInput(way="keys"))
    delivery.add_keys(actor=owner, variant_id=item.pk, text="AAAA-1111")
    return {
        "keys_product_id": product.pk,
        "keys_variant_id": item.pk,
        "file_product_id": goods.filed(of=shop).product_id,
    }


def _after_sale(shop: Shop, item: Variant, buyer: Account) -> dict[str, int]:
    """Have something of an order of its own come back, with a document; return their ids."""
    owner, who = make.actor(shop.owner), make.actor(buyer)
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    back = orders.ask_return(
        actor=who,
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="damaged",
        key=f"b{order.pk}",
    )
    orders.ask_fapiao(
        actor=who, order_id=order.pk, title_kind="personal", title="Ana", email="a@example.com"
    )
    orders.set_legal_entity(actor=owner, shop_id=shop.pk, name="Kiln", address="Lakeside Road 1")
    document = orders.issue_document(actor=who, order_id=order.pk, kind="receipt")
    return {
        "return_id": back.pk,
        "returned_line_id": back.lines.get().pk,
        "document_id": document.pk,
    }


def new_world() -> World:
    """Return a world with a shop, a post, a link, paid orders, and what comes after them."""
    owner, sharer, buyer = make.member(), make.member(), make.member()
    sharer.email = "sharer@example.com"
    sharer.save(update_fields=["email"])
    shop = make.shop(owner)
    earnings.set_plan(actor=make.actor(owner), shop_id=shop.pk, rate_bps=1000)
    item = make.variant(shop)
    coupon = entitlements.create_coupon(
        actor=make.actor(owner), shop_id=shop.pk, title="Ten off", amount_off=10, cap=100
    )
    who = make.actor(sharer)
    with transaction.atomic():
        post = community.publish_post(
            actor=who,
            images=claim_staged(actor=who, tokens=[staged_picture(who)]),
            title="Cups",
            tags=[community.Tag(0, item.product_id, 500, 500)],
        )
    remark = community.comment(actor=who, post_id=post.pk, body="Mine is blue.")
    link = sharing.share(actor=who, target_kind="product", target_id=item.product_id, via=None)
    checkout = make.pay(make.place((item, 2), buyer=buyer, via=link.code))
    order = checkout.orders.get()
    refund = orders.ask_refund(
        actor=make.actor(buyer), order_id=order.pk, amount=100, reason="late", key=f"w{order.pk}"
    )
    pooled = storefronts.offer_to_pool(
        actor=make.actor(owner),
        product_id=item.product_id,
        terms={item.pk: storefronts.Terms(8_000)},
    )
    storefronts.open_storefront(actor=who, title="A corner")
    offer = storefronts.list_from_pool(actor=who, item_id=pooled.pk)
    asked = chat.open_direct(actor=make.actor(buyer), account_id=sharer.pk)
    chat.send(actor=make.actor(buyer), room_id=asked.pk, words=chat.Words(body="Where is it from?"))
    club = circles.group(sharer)
    filled = _packet(sharer, chat.open_group_room(actor=who, group_id=club.pk).pk)
    token, _secret = people.create_token(actor=make.actor(buyer), name="old")
    notify(recipient_id=buyer.pk, kind="follow", group_key="world")
    told = Notification.objects.get(recipient=buyer, group_key="world")
    circle = people.make_list(actor=make.actor(buyer), name="Near")
    muted = people.mute_word(actor=make.actor(buyer), word="noise")
    ids = {
        "people_list_id": circle.pk,
        "mute_id": muted.pk,
        "shop_id": shop.pk,
        "product_id": item.product_id,
        "variant_id": item.pk,
        "coupon_id": coupon.pk,
        "campaign_id": draft(shop, "group_buy", variant=item.pk, price=80).pk,
        "post_id": post.pk,
        "slug": "cups",
        "comment_id": remark.pk,
        "checkout_id": checkout.pk,
        "order_id": order.pk,
        "refund_id": refund.pk,
        "commission_id": Commission.objects.get(order=order).pk,
        "notification_id": told.pk,
        "token_id": token.pk,
        "item_id": pooled.pk,
        "offer_id": offer.pk,
        "room_id": asked.pk,
        "line_id": order.lines.get().pk,
        **_after_sale(shop, item, buyer),
        **_terms(shop, item),
        **_without_parcel(shop),
        "listing_id": listing(sharer).pk,
    }
    names = {name: str(value) for name, value in ids.items()}
    names |= {"code": link.code, "handle": sharer.handle, "slug": club.slug, "packet_code": filled}
    names["family"] = "people"
    return World(owner, sharer, buyer, shop, names)
