"""What the bench asks inside an installation: ``python -m bench.inside QUESTION [ARGUMENT]``.

Runs in the installation's own environment and prints JSON.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import playing

SEED = 20_260_101


def stage(units: str) -> dict[str, Any]:
    """Put units of a new product on sale by public actions; its link, its page, its ids."""
    from banyan.catalog.models import Product
    from banyan.ops.demo.race.stage import stage
    from banyan.people.models import Account
    from banyan.sharing.models import Link
    from banyan.web.shop.market.cards import product_url

    people = {a.handle: a for a in Account.objects.filter(handle__in=["ana", "mio"])}
    sale = stage(merchant=people["mio"], sharer=people["ana"], units=int(units))
    product = Product.objects.select_related("shop").get(pk=sale.product_id)
    link = Link.objects.get(code=sale.link.rpartition("/")[2])
    return {**asdict(sale), "page": product_url(product, via=link.code, touch="1")}


def hot_sale(units: str) -> dict[str, Any]:
    """Put a ticketed sale on by public actions, its units claimed by as many members, signed in."""
    import datetime as dt

    from banyan.catalog.models import Shop
    from banyan.kernel import clock
    from banyan.kernel.actors import Actor
    from banyan.sales import actions as sales
    from bench.members import signed_in

    thing, count, now = stage(units), int(units), clock.now()
    shop = Shop.objects.get(pk=thing["shop_id"])
    seller = Actor(kind="member", id=shop.owner_id)
    data = sales.SaleInput(
        "Hot", now, now + dt.timedelta(hours=1),
        [sales.ItemInput(thing["variant_id"], 500, public=count)], ticketed=True, ttl_minutes=15,
    )  # fmt: skip
    sale = sales.plan_sale(actor=seller, shop_id=shop.pk, data=data)
    sales.publish_sale(actor=seller, sale_id=sale.pk)
    people = signed_in(count, name=f"hot{sale.pk % 10**6}x")
    for member, _session in people:
        sales.claim(
            actor=Actor(kind="member", id=member.pk),
            sale_id=sale.pk,
            variant_id=thing["variant_id"],
        )
    return {**thing, "sessions": [session for _member, session in people]}


def recount(sale: str) -> dict[str, Any]:
    """Wait for the last payment, then count a sale again."""
    from banyan.ops.demo.race.recount import recount, settle
    from banyan.ops.demo.race.stage import Sale

    given = json.loads(sale)
    given.pop("page")
    settle(Sale(**given))
    return asdict(recount(Sale(**given)))


def database() -> dict[str, Any]:
    """Return the database's version and how durable its commits are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        durable = {}
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            durable[name] = cursor.fetchone()[0]
    return {"version": f"PostgreSQL {version}", "settings": durable}


def rest() -> dict[str, Any]:
    """Return how many background jobs wait."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        return {"jobs": cursor.fetchone()[0]}


def statements() -> dict[str, Any]:
    """Return how many statements placing one order takes, and its milliseconds (median of 30)."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from banyan.kernel.actors import Actor
    from banyan.orders import actions as orders

    sale = stage("1000")
    code = sale["link"].rpartition("/")[2]
    address = {
        "country": "CN", "recipient": "Bench", "phone": "+8613800000000", "level1": "浙江省",
        "level2": "杭州市", "level3": "西湖区", "street": "Bench Road 1",
    }  # fmt: skip

    def place(number: int) -> None:
        orders.place(
            actor=Actor.guest(None),
            lines=[orders.WantedLine(sale["variant_id"], 1, via=code)],
            contact=orders.Contact(email=f"bench-{number}@example.com"),
            address=address,
            placement_key=f"bench:{sale['product_id']}:{number}",
            provider="sandbox",
        )

    place(0)
    with CaptureQueriesContext(connection) as seen:
        place(1)
    taken = len(seen)
    times = [_milliseconds(functools.partial(place, number)) for number in range(2, 32)]
    return {"statements": taken, "ms": sorted(times)[len(times) // 2]}


def feed() -> dict[str, Any]:
    """Return statements and milliseconds (median of 30) of a member's following feed page."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from banyan.community.models import Post
    from banyan.people.models import Account, Follow

    client = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    ana = Account.objects.get(handle="ana")
    client.force_login(ana, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.get("/?tab=following")
    with CaptureQueriesContext(connection) as seen:
        answer = client.get("/?tab=following")
    # Counted at once: the context keeps no copy, and the next request clears Django's log.
    taken = len(seen)
    if answer.status_code != 200 or not taken:
        raise RuntimeError(f"no feed: status {answer.status_code}, {taken} statements")
    times = [_milliseconds(lambda: client.get("/?tab=following")) for _ in range(30)]
    return {
        "statements": taken,
        "ms": sorted(times)[len(times) // 2],
        "posts": Post.objects.count(),
        "follows": Follow.objects.count(),
    }


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def pages() -> dict[str, Any]:
    """Return the pages that shoppers see most, by name, and a session of somebody who sees them."""
    from django.urls import reverse

    from banyan.catalog.models import Variant
    from banyan.community.models import Post
    from banyan.people.models import Account
    from banyan.web.shop.market.cards import product_url
    from bench.members import signed_in_again

    ana = Account.objects.get(handle="ana")
    on_sale = Variant.objects.filter(
        product__state="active", product__kind="goods", is_active=True, stock__on_hand__gt=5
    )
    variant = on_sale.select_related("product__shop").order_by("id")[0]
    post = Post.objects.filter(state=1, visibility=0, deleted_at=None, repin_of=None).latest("id")
    return {
        "pages": {
            "explore": reverse("explore"),
            "product": product_url(variant.product),
            "post": f"/p/{post.pk}",
            "profile": f"/@{ana.handle}",
            "checkout": f"{reverse('checkout')}?variant={variant.pk}&n=1",
        },
        "session": signed_in_again(ana),
    }


QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "stage": stage,
    "hot_sale": hot_sale,
    "recount": recount,
    "database": database,
    "rest": rest,
    "statements": statements,
    "feed": feed,
    "pages": pages,
    "packet": playing.packet,
    "grabs": playing.grabs,
    "credited": playing.credited,
    "plays": playing.plays,
    "taken": playing.taken,
}


def main() -> None:
    """Answer one question."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
    import django

    django.setup()
    # An answer is the last line: libraries may print before it.
    print("\n" + json.dumps(QUESTIONS[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
