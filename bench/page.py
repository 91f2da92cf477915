"""The product page for a visitor, beside the cheapest honest Django view on the same server.

The floor is Django with no middleware at all, one URL, one read of the same product by primary
key through the ORM, its title as the answer; same Granian options, same database, same pool and
prepared statements. The page is the real application: every middleware, every setting, a share
link in the address, HTML from templates, everything read from the database at each request.
"""

from __future__ import annotations

import contextlib
import statistics
from typing import Any

from banyan.config import processor
from bench.edge import Sample, measure, serve
from bench.installation import Installation
from bench.report import Table

ROUNDS = 7
LEAST, MOST_SPREAD = 0.25, 5.0


def run(table: Table, installation: Installation, sale: dict[str, Any]) -> None:
    """Measure and report; takes about half a minute."""
    environment = installation.environment()
    page, floor = str(sale["page"]), f"/floor/{sale['product_id']}"
    with contextlib.ExitStack() as stack:
        port = serve(stack, environment, "bench.page:floor_app", floor)
        taken: list[tuple[Sample, Sample]] = []
        measure(installation.port, page)
        measure(port, floor)
        for _ in range(ROUNDS):
            taken.append((measure(port, floor), measure(installation.port, page)))
    floors = [low.rate for low, _ in taken]
    pages = [real.rate for _, real in taken]
    ratio = statistics.median(real.rate / low.rate for low, real in taken)
    p50 = statistics.median(real.p50 for _, real in taken)
    p99 = statistics.median(real.p99 for _, real in taken)
    table.row("Django view, one primary-key read", statistics.median(floors), "req/s", _all(floors))
    table.row("product page, visitor", statistics.median(pages), "req/s", _all(pages))
    table.held("product page / floor", ratio, "", ratio >= LEAST, f">= {LEAST}")
    table.row("product page p50, 16 connections", p50, "ms")
    spread = p99 / p50
    table.held("product page p99 / p50", spread, "", spread < MOST_SPREAD, f"< {MOST_SPREAD}")


def floor_app() -> Any:
    """Return the floor: a Django that does one thing."""
    import sys
    from types import ModuleType

    import django
    from django.conf import settings

    django.setup()
    settings.MIDDLEWARE = []
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    from banyan.catalog.models import Product

    def one(request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(Product.objects.get(pk=pk).title)

    urls = ModuleType("bench_floor_urls")
    urls.urlpatterns = [path("floor/<int:pk>", one)]  # type: ignore[attr-defined]  # a module made just now
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    return processor.placed(get_wsgi_application())


def _all(rates: list[float]) -> str:
    return "rounds " + ", ".join(f"{rate:.0f}" for rate in rates)
