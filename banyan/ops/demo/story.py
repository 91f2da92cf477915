"""The demo's history, made only by public actions under an injected clock, then proven."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import random
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop, Variant
from banyan.community import actions as community
from banyan.community.models import Post
from banyan.earnings import actions as earnings
from banyan.entitlements import actions as coupons
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import Flag
from banyan.kernel.problems import SoldOut
from banyan.ledger.proof import prove
from banyan.media.actions import intake_worked, stage
from banyan.media.models import Image
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.people.rules import Contact
from banyan.people.rules.contacts import EMAIL
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link

from . import cast
from .aftersale import AfterSale
from .circles import Circles
from .desk import DeskStory, make_staff
from .flea import Flea
from .handed import Handed
from .launches import Launches
from .pictures import Cover, Face, Goods, Studio
from .stage import ADDRESS, SYSTEM, Stage, for_them, give_back, pay
from .stalls import Stalls
from .talks import Talks
from .tariffs import Tariffs
from .together import Together
from .travels import Traveller, Travels, complain
from .trust import Trust
from .voices import Voices

COMPLETE = "demo.complete"
DAYS = 60
POSTS = 400
ORDERS = 150
# What was ordered within this time is still to be sent.
NEWEST = dt.timedelta(days=2, hours=12)
# The order (of a member) whose refund the provider could not send.
REFUSED_REFUND = 22
Tell = Callable[[str], None]


class Story:
    """Builds the demo once; the same seed gives the same people, goods and events."""

    def __init__(self, tell: Tell, studio: Studio | None = None) -> None:
        self.tell = tell
        self.studio = studio or Studio()
        self.chance = random.Random(20240101)
        self.start = clock.now() - dt.timedelta(days=DAYS)
        self.members: dict[str, Account] = {}
        self.staff: dict[str, Actor] = {}
        self.shops: list[Shop] = []
        self.products: list[Product] = []
        self.pictures: dict[int, Image] = {}
        self.posts: list[Post] = []

    def at(self, part: float) -> dt.datetime:
        """Return the moment at ``part`` (0 to 1) of the demo's two months."""
        return self.start + dt.timedelta(days=DAYS * part)

    def actor(self, handle: str) -> Actor:
        """Return a member of the cast as an actor."""
        account = self.members[handle]
        return Actor(kind="member", id=account.pk, label=f"@{handle}")

    def tell_all(self) -> None:
        """Make everything, in order of time, and prove the books."""
        self._people()
        self._goods()
        self._posts()
        self._orders()
        self._coupons()
        self._travels()
        Stalls(self._stage()).tell_all(self.at(0.9))
        DeskStory(self.tell, self.staff, self.actor).tell_all(self.at)
        for part in (Circles, Handed, Launches, AfterSale, Flea, Trust):
            part(self._stage()).tell_all()
        Talks(self._stage()).tell_all()
        Together(self._stage()).tell_all()
        Voices(self._stage(), self.pictures).tell_all()
        relay.drain()  # what was bought earns points, for the last part to spend
        Tariffs(self._stage()).tell_all()
        relay.drain()
        report = prove(actor=SYSTEM, reason="after the demo was told")
        if not report.clean:
            raise RuntimeError(f"the demo's books do not add up: {report.as_json()}")

    def _stage(self) -> Stage:
        return Stage(
            tell=self.tell,
            member=self.actor,
            staff=self.staff,
            shops=self.shops,
            products=self.products,
            studio=self.studio,
            at=self.at,
        )

    def _traveller(self) -> Traveller:
        product = self.products[0]
        return Traveller(
            member=self.actor,
            handles=list(self.members),
            product=product,
            picture=self.pictures[product.pk],
            address=ADDRESS,
            chance=self.chance,
        )

    def _coupons(self) -> None:
        """Each shop has a coupon for its members, and one that it stopped."""
        self.tell("coupons in hands")
        names = list(self.members)
        with clock.at(self.at(0.75)):
            for shop in self.shops:
                owner = Actor(kind="member", id=shop.owner_id)
                club = f"CLUB-{shop.slug.upper()}"
                coupons.create_coupon(
                    actor=owner,
                    shop_id=shop.pk,
                    title="Club",
                    code=club,
                    percent_bps=1_000,
                    reach="claim",
                    cap=len(names),
                )
                old = coupons.create_coupon(
                    actor=owner, shop_id=shop.pk, title="Spring", percent_bps=1_500, cap=50
                )
                coupons.pause_coupon(actor=owner, coupon_id=old.pk)
                for handle in names[:6]:
                    coupons.claim_coupon(actor=self.actor(handle), code=club)

    def _travels(self) -> None:
        self.tell("one share that went far")
        Travels(self._traveller()).tell_all(start=self.at(0.8), end=self._today())

    def _people(self) -> None:
        self.tell("members")
        with clock.at(self.at(0)):
            for handle, name, bio in cast.LEADS:
                self._member(handle, name, bio)
            for handle in cast.OTHERS:
                self._member(handle, handle.title(), "Demo member.")
            for handle, (name, roles) in cast.STAFF.items():
                self.staff[handle] = make_staff(handle, name, roles)
            names = list(self.members)
            for handle in names:
                for other in self.chance.sample(names, 9):
                    if other != handle:
                        people.follow(actor=self.actor(handle), account_id=self.members[other].pk)

    def _member(self, handle: str, name: str, bio: str) -> None:
        account = people.create_account(
            actor=SYSTEM,
            contact=Contact(EMAIL, f"{handle}@example.com") if handle in cast.REACHED else None,
            handle=handle,
            display_name=name,
            is_demo=True,
        )
        self.members[handle] = account
        face = self.studio.take(Face(len(self.members)))
        staged = stage(actor=self.actor(handle), data=face, filename=f"{handle}.png")
        people.set_avatar(actor=self.actor(handle), token=staged.token)
        people.change_profile(
            actor=self.actor(handle), handle=handle, display_name=name, bio=bio, region="CN-ZJ"
        )

    def _goods(self) -> None:
        self.tell("shops and goods")
        for place, (category, names, _kinds) in enumerate(cast.CATEGORIES):
            catalog.add_category(
                actor=SYSTEM, slug=category, names=names, position=place, reason="demo"
            )
        for given in cast.ATTRIBUTES:
            catalog.add_attribute(
                actor=SYSTEM,
                code=given.code,
                kind=given.kind,
                data=catalog.AttributeInput(
                    names=given.names,
                    unit=given.unit,
                    choices=given.choices,
                    is_filterable=True,
                ),
                category=given.category,
                reason="demo",
            )
        for number, entry in enumerate(cast.SHOPS):
            slug, name, about, owner, kinds, _, rate, levels = entry
            with clock.at(self.at(0.01 * (number + 1))):
                shop = catalog.open_shop(
                    actor=self.actor(owner),
                    name=name,
                    slug=slug,
                    about=about + " A demo shop.",
                    currency="CNY",
                    shipping_amount=1_000,
                    free_shipping_from=29_900,
                )
                cover = intake_worked(
                    actor=self.actor(owner), worked=self.studio.take(Cover(number)), alt=name
                )
                catalog.update_shop(actor=self.actor(owner), shop_id=shop.pk, cover=cover)
                earnings.set_plan(
                    actor=self.actor(owner),
                    shop_id=shop.pk,
                    rate_bps=rate,
                    levels=levels,
                    direct_bps=8_000 if levels == 2 else 10_000,
                )
                coupons.create_coupon(
                    actor=self.actor(owner),
                    shop_id=shop.pk,
                    title="Welcome",
                    code=f"HELLO-{slug.upper()}",
                    amount_off=500,
                    min_spend=5_000,
                    cap=100,
                )
                self.shops.append(shop)
                for place in range(cast.PRODUCTS_PER_SHOP):
                    self._product(shop, owner, kinds, number, place)

    def _product(
        self, shop: Shop, owner: str, kinds: tuple[str, ...], number: int, place: int
    ) -> None:
        kind = kinds[place % len(kinds)]
        adjective = cast.ADJECTIVES[(place + number * 4) % len(cast.ADJECTIVES)]
        noun = cast.NOUNS[kind]
        picture = intake_worked(
            actor=self.actor(owner),
            worked=self.studio.take(Goods(number, place)),
            alt=f"{adjective[0]} {noun[0]}, drawn",
        )
        price = self.chance.choice([2_900, 4_900, 6_800, 8_800, 12_900, 19_900, 23_900, 39_900])
        sizes = kind in {"dress", "shirt", "shoes"}
        product = catalog.create_product(
            actor=self.actor(owner),
            shop_id=shop.pk,
            data=catalog.ProductInput(
                title=f"{adjective[0]} {noun[0]}",
                description="A demo product. Nothing is ever shipped.",
                texts={
                    "zh-hans": {
                        "title": f"{adjective[1]}·{noun[1]}",
                        "description": "演示商品，不会真的发货。",
                    },
                    "zh-hant": {
                        "title": f"{adjective[2]}·{noun[2]}",
                        "description": "示範商品，不會真的出貨。",
                    },
                },
                options=["Size"] if sizes else [],
                variants=[
                    catalog.VariantInput(
                        price=price,
                        values=[size] if size else [],
                        on_hand=self.chance.randint(8, 60) + (200 if not self.products else 0),
                        compare_at=price * 5 // 4 if place % 5 == 0 else None,
                    )
                    for size in (["S", "M", "L"] if sizes else [""])
                ],
                category=cast.CATEGORY_OF[kind],
                images=[picture.pk],
                attributes=cast.attributes_of(cast.CATEGORY_OF[kind], place),
            ),
        )
        catalog.publish_product(actor=self.actor(owner), product_id=product.pk)
        self.products.append(product)
        self.pictures[product.pk] = picture

    def _posts(self) -> None:
        self.tell("posts")
        names = list(self.members)
        for index in range(POSTS):
            with clock.at(self.at(0.12 + 0.8 * index / POSTS)):
                author = self.chance.choice(names)
                if self.posts and index % 4 == 3:
                    self._repin(author)
                else:
                    self._post(author, index)
                if index == POSTS // 2:
                    complain(self._traveller())

    def _post(self, author: str, index: int) -> None:
        product = self.chance.choice(self.products)
        chinese = author in cast.CHINESE
        remarks = cast.REMARKS_ZH if chinese else cast.REMARKS
        remark = remarks[index % len(remarks)]
        title = (
            f"{product.texts['zh-hans']['title']}：{remark}"
            if chinese
            else f"{product.title}: {remark}"
        )
        post = community.publish_post(
            actor=self.actor(author),
            images=[self.pictures[product.pk]],
            title=title,
            body=remarks[(index * 7 + 3) % len(remarks)],
            tags=[
                community.Tag(
                    0,
                    product.pk,
                    self.chance.randint(250, 700),
                    self.chance.randint(300, 750),
                )
            ],
            language="zh-hans" if chinese else "en",
        )
        self.posts.append(post)
        self._reactions(post, index)

    def _reactions(self, post: Post, index: int) -> None:
        names = list(self.members)
        for fan in self.chance.sample(names, self.chance.randint(0, 7)):
            community.like(actor=self.actor(fan), post_id=post.pk)
        if index % 3 == 0:
            writer = self.chance.choice(names)
            words = cast.COMMENTS_ZH if writer in cast.CHINESE else cast.COMMENTS
            community.comment(
                actor=self.actor(writer), post_id=post.pk, body=words[index % len(words)]
            )

    def _repin(self, author: str) -> None:
        source = self.chance.choice(self.posts[-40:])
        if source.author_id != self.members[author].pk:
            community.repin(actor=self.actor(author), post_id=source.pk)

    def _orders(self) -> None:
        self.tell("shares and orders")
        names = list(self.members)
        for index in range(ORDERS):
            with clock.at(self.at(0.2 + 0.795 * index / ORDERS)):
                product = self.chance.choice(self.products[:45] if index % 2 else self.products)
                link = self._chain(product, self.chance.sample(names, 4))
                self._order(index, product, link, self.chance.choice(names))

    def _chain(self, product: Product, people_on_it: list[str]) -> Link | None:
        """Share along up to three people, with visitors who only look."""
        link: Link | None = None
        for handle in people_on_it[: self.chance.randint(0, 3)]:
            link = sharing.share(
                actor=self.actor(handle), target_kind="product", target_id=product.pk, via=link
            )
            for _ in range(self.chance.randint(1, 5)):
                visitor = f"demo{self.chance.getrandbits(48):012x}"
                sharing.record_exposures(actor=SYSTEM, links=[link.pk], visitor=visitor)
                if self.chance.random() < 0.7:
                    touch = sharing.record_touch(
                        actor=Actor.guest(visitor), link=link, verdict="unknown"
                    )
                    if self.chance.random() < 0.8:
                        sharing.confirm_touch(actor=Actor.guest(visitor), touch_id=touch.pk)
        return link

    def _order(self, index: int, product: Product, link: Link | None, buyer: str) -> None:
        variant = self.chance.choice(
            list(Variant.objects.filter(product=product, is_active=True).order_by("id"))
        )
        guest = index % 3 == 0
        who = Actor.guest(f"demo{self.chance.getrandbits(48):012x}") if guest else self.actor(buyer)
        try:
            checkout = orders.place(
                actor=who,
                lines=[
                    orders.WantedLine(
                        variant.pk, self.chance.choice([1, 1, 1, 2]), via=link.code if link else ""
                    )
                ],
                contact=orders.Contact(email=f"demo{index}@example.com"),
                address=for_them(who),
                placement_key=f"demo:{index}",
                provider="sandbox",
            )
        except SoldOut:
            return
        self._after(index, checkout)

    def _after(self, index: int, checkout: Checkout) -> None:
        now = clock.now()
        if index % 29 == 7:  # one that was never paid
            with clock.at(now + dt.timedelta(minutes=20)):
                orders.expire_checkout(actor=SYSTEM, checkout_id=checkout.pk)
            return
        if checkout.intent_id is None:
            return
        pay(checkout)
        order = checkout.orders.select_related("shop__owner", "checkout").get()
        owner = Actor(kind="member", id=order.shop.owner_id)
        end = clock.now()
        if now > self._today() - NEWEST:
            return
        with clock.at(min(now + dt.timedelta(days=1), self._today())):
            orders.ship(
                actor=owner, order_id=order.pk, carrier="Demo Express", tracking=f"DX{index:05d}"
            )
        if index < ORDERS - 30:
            with clock.at(min(now + dt.timedelta(days=4), self._today())):
                orders.confirm_receipt(
                    actor=SYSTEM, order_id=order.pk, access_token=checkout.access_token
                )
        if index % 17 == 5:
            with clock.at(min(end + dt.timedelta(days=5), self._today())):
                self._refund(index, order, owner)

    def _today(self) -> dt.datetime:
        return self.start + dt.timedelta(days=DAYS)

    def _refund(self, index: int, order: Order, owner: Actor) -> None:
        order.refresh_from_db()
        orders.grant_refund(
            actor=owner,
            order_id=order.pk,
            amount=order.total_amount * 4 // 10,
            reason="A scratch on the glaze",
            key=f"demo:{index}",
        )
        give_back(order.checkout, failure="destination_refused" if index == REFUSED_REFUND else "")


def is_empty() -> bool:
    """Tell whether the platform has no member yet."""
    return not Account.objects.exists()


def load(tell: Tell, studio: Studio | None = None) -> None:
    """Tell the story; refused outside development. A flag says when all of it is there.

    ``studio`` may have begun on the pictures.
    """
    if not settings.DEMO:
        raise RuntimeError("the demo is for development only")
    # The demo's warts are meant; their alerts would only frighten whoever starts it.
    logging.disable(logging.ERROR)
    try:
        with _commits_unwaited():
            Story(tell, studio).tell_all()
    finally:
        logging.disable(logging.NOTSET)
    # This commit is waited for, and with it all that came before.
    Flag.objects.update_or_create(name=COMPLETE, defaults={"enabled": True})


@contextlib.contextmanager
def _commits_unwaited() -> Iterator[None]:
    """Do not wait for the disk at each commit inside: a load that breaks off is begun anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def is_half_told() -> bool:
    """Tell whether a load was broken off: demo members, but no word of completion."""
    return (
        Account.objects.filter(is_demo=True).exists()
        and not Flag.objects.filter(name=COMPLETE).exists()
    )
