"""A small town for browsers to look at: drawn goods, posts, an order, a share that travelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from banyan.catalog.actions import ProductInput, VariantInput, create_product, publish_product
from banyan.chat import actions as chat
from banyan.community import actions as community
from banyan.community.models import Post
from banyan.earnings.actions import set_plan
from banyan.earnings.models import Commission
from banyan.groups import actions as groups
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media.actions import intake_pil
from banyan.ops.demo.drawings import draw
from banyan.orders.models import Checkout
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.support import factories as make

KINDS = ("cup", "bowl", "vase", "plant")


@dataclass(frozen=True)
class Town:
    """Where things are, as paths, and who looks at them."""

    ana: Account
    owner: Account
    product: str
    product_id: int
    link: Link
    post: str
    checkout: str
    order: str
    pages: dict[str, tuple[str, Account | None]]


def session_of(account: Account) -> dict[str, str]:
    """Return the cookie of a browser that is signed in."""
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store.create()
    return {"name": settings.SESSION_COOKIE_NAME, "value": str(store.session_key)}


def furnish() -> Town:
    """Make it by public actions; about two seconds on a machine that does nothing else."""
    ana, ben = make.member("ana"), make.member("ben")
    shop = make.shop(name="Kiln & Co")
    owner = make.actor(shop.owner)
    set_plan(actor=owner, shop_id=shop.pk, rate_bps=1_000)
    products, pictures = [], []
    for number, kind in enumerate(KINDS):
        drawn = draw(kind, number, size=(960, 1200), family="clay")
        picture = intake_pil(actor=owner, image=drawn, alt=f"A {kind}, drawn")
        made = create_product(
            actor=owner,
            shop_id=shop.pk,
            data=ProductInput(
                title=f"Stoneware {kind}",
                description="Thrown one at a time. Holds what you put in it.",
                variants=[VariantInput(price=12_900 + number * 1_000, on_hand=20)],
                images=[picture.pk],
            ),
        )
        products.append(publish_product(actor=owner, product_id=made.pk))
        pictures.append(picture)
    for number in range(24):
        with clock.at(clock.now() - timedelta(minutes=30 - number)):
            post = community.publish_post(
                actor=make.actor(ana if number % 2 else ben),
                images=[pictures[number % 4]],
                title=f"Every morning, day {number}",
                body="It has been on the shelf for a month and goes with everything else there.",
                tags=[community.Tag(0, products[number % 4].pk, 500, 500)],
                language="en",
            )
    link = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=products[0].pk, via=None
    )
    for number in range(3):
        guest = Actor.guest(f"visitor-{number}")
        touch = sharing.record_touch(actor=guest, link=link)
        sharing.confirm_touch(actor=guest, touch_id=touch.pk)
    variant = products[0].variants.get()
    checkout = make.pay(make.place((variant, 1), buyer=ben, via=link.code))
    town = _town(ana, shop.owner, products[0], link, Post.objects.get(pk=post.pk), checkout)
    town.pages.update(_society(ana, ben, products[0].pk))
    return town


def _society(ana: Account, ben: Account, product_id: int) -> dict[str, tuple[str, Account | None]]:
    """Let people ask, talk and belong together; return the pages of that."""
    one, other = make.actor(ana), make.actor(ben)
    for who, body in ((one, "The glaze. #tea"), (other, "The lid. #tea")):
        asked = community.publish_post(
            actor=who,
            images=[],
            kind="question",
            title="Which one?",
            body=body,
            poll=community.PollWish(["This", "That"]),
        )
    community.comment(actor=one, post_id=asked.pk, body="The first one. @ben")
    community.count_heat()
    data = groups.GroupInput(name="Clay and tea", about="Cups and what goes into them.")
    group = groups.make_group(actor=one, slug="clay-and-tea", data=data)
    groups.join(actor=other, group_id=group.pk, wants_offers=True)
    people.follow(actor=one, account_id=ben.pk)
    people.follow(actor=other, account_id=ana.pk)
    room = chat.write_to(actor=other, account_id=ana.pk, words=chat.Words("Which did you mean?"))
    card = chat.Wanted("product", product_id)
    chat.write_to(actor=one, account_id=ben.pk, words=chat.Words("This one.", card=card))
    new = make.member("newcomer")
    return {
        "group": (f"/g/{group.slug}", ana),
        "groups": ("/groups", ana),
        "chat": ("/chat", ana),
        "room": (f"/chat/{room.room_id}", ana),
        "topic": ("/t/tea", None),
        "question": (f"/p/{asked.pk}", ana),
        "welcome": ("/welcome", new),
        "notices": ("/notifications", ana),
        "switches": (reverse("notification_settings"), ana),
        "find": (reverse("find_friends"), ana),
        "privacy": (reverse("privacy"), ana),
    }


def _town(
    ana: Account, owner: Account, product: object, link: Link, post: Post, checkout: Checkout
) -> Town:
    item = Link.objects.get(pk=link.pk)
    shop = checkout.orders.get().shop
    line = checkout.orders.get().lines.get()
    path = f"/shop/{shop.slug}/{product.slug}"  # type: ignore[attr-defined]
    buy = f"/checkout?variant={line.variant_id}&n=1&via={item.code}"
    earned = Commission.objects.get(payee=ana)
    order = f"/o/{checkout.access_token}"
    shared = f"{path}?via={item.code}"
    return Town(
        ana=ana,
        owner=owner,
        product=path,
        product_id=line.product_id,
        link=item,
        post=f"/p/{post.pk}",
        checkout=buy,
        order=order,
        pages={
            "feed": ("/explore", None),
            "home": ("/", ana),
            "post": (f"/p/{post.pk}", None),
            "product": (shared, None),
            "shop": (f"/shop/{shop.slug}", None),
            "profile": ("/@ana", None),
            "checkout": (buy, None),
            "order": (order, None),
            "me": ("/me", ana),
            "share": (f"/share/product/{line.product_id}", ana),
            "story": (f"/me/links/{item.code}", ana),
            "why": (f"/earnings/{earned.pk}", ana),
            "studio": (f"/studio/{shop.slug}/", owner),
            "shares": (f"/studio/{shop.slug}/shares/{item.code}", owner),
        },
    )
