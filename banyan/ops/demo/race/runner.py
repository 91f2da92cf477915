"""``python -m banyan.ops.demo.race.runner IDENT``: run one race and write down how it goes."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from banyan.ops.processes import process_identity

if TYPE_CHECKING:
    from banyan.web.shop.race import Race

    from .book import Book
    from .buyer import Outcome

LANES = 32
TELL_SECONDS = 0.25
SHARER, MERCHANT = "ana", "mio"


def main(arguments: list[str]) -> int:
    """Run the named race; an exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "banyan.config.settings")
    import django

    django.setup()
    from banyan.config.env import env

    from .desk import book

    return run(arguments[0], origin=f"http://127.0.0.1:{env.port}", kept=book())


def run(ident: str, *, origin: str, kept: Book, lanes: int = LANES) -> int:
    """Stage a sale, send the buyers to ``origin``, recount; 1 when the race is not to be run."""
    from banyan.catalog.models import Product
    from banyan.people.models import Account
    from banyan.web.shop.market.cards import product_url

    from . import crowd
    from .recount import recount, settle
    from .stage import stage

    race = kept.take(ident)
    if race is None:
        return 1
    runner = process_identity(os.getpid())
    members = {one.handle: one for one in Account.objects.filter(handle__in=[SHARER, MERCHANT])}
    sale = stage(merchant=members[MERCHANT], sharer=members[SHARER], units=race.units)
    product = Product.objects.select_related("shop").get(pk=sale.product_id)
    race = replace(
        race, product_url=product_url(product), orders_url=f"/studio/{product.shop.slug}/orders"
    )
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    began = time.monotonic()
    told = 0.0

    def stand() -> Race:
        return replace(
            race,
            paid=states["paid"],
            refused=states["refused"],
            failed=states["failed"],
            reasons=dict(reasons),
            seconds=time.monotonic() - began,
        )

    parent = os.getppid()

    def tell(outcome: Outcome) -> None:
        nonlocal told
        if os.getppid() != parent:
            raise SystemExit("the worker is gone; so is the race")
        states[outcome.state] += 1
        if outcome.reason:
            reasons[outcome.reason] += 1
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            kept.write(stand(), runner=runner)

    crowd.send(sale.link, origin=origin, numbers=range(race.buyers), lanes=lanes, tell=tell)
    ended = stand()
    settle(sale)
    kept.write(replace(ended, state="over", recount=recount(sale)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
