"""What a page's head tells link previews and search engines: Open Graph and JSON-LD.

The numbers are those of the page; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from markupsafe import Markup

from banyan.kernel.money import Money
from banyan.web.ui import addresses
from banyan.web.ui.shapes import read

CARD = (1200, 630)
_WRITER = json.JSONEncoder(ensure_ascii=False)
_SAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Head:
    """``properties`` are Open Graph's, all addresses absolute; ``data`` are JSON-LD documents."""

    canonical: str
    properties: tuple[tuple[str, str], ...]
    data: tuple[Markup, ...] = ()


def head_of(
    request: HttpRequest,
    *,
    kind: str,
    title: str,
    description: str,
    path: str,
    picture: Any = None,
    code: str = "",
    more: Sequence[tuple[str, str]] = (),
    data: Sequence[Mapping[str, Any]] = (),
) -> Head:
    """Return the head of a page at ``path``. With a share ``code`` its drawn card is the image."""
    absolute = _absolute(request)
    canonical = absolute(path)
    properties = [
        ("og:type", kind),
        ("og:title", title),
        ("og:description", description[:200]),
        ("og:url", canonical),
        ("og:site_name", "Banyan"),
    ]
    image = ""
    if picture is not None:
        width, height = read(picture, "width", 0), read(picture, "height", 0)
        image = absolute(str(read(picture, "src", "")))
        if code:
            image = absolute(addresses.url("share_card", code))
            width, height = CARD
        properties += [
            ("og:image", image),
            ("og:image:width", str(width)),
            ("og:image:height", str(height)),
            ("og:image:alt", str(read(picture, "alt", "")) or title),
        ]
    documents = [
        {"@context": "https://schema.org", **one} | ({"image": image} if image else {})
        for one in data
    ]
    return Head(canonical, (*properties, *more), tuple(as_json(one) for one in documents))


def _absolute(request: HttpRequest) -> Callable[[str], str]:
    """Return what makes an address of ours absolute; the host is looked at once."""
    site = request.build_absolute_uri("/").removesuffix("/")

    def absolute(address: str) -> str:
        if address.startswith("/") and not address.startswith("//"):
            return f"{site}{address}"
        return request.build_absolute_uri(address)

    return absolute


def as_json(document: Mapping[str, Any]) -> Markup:
    """Write a document so that no text in it can end the script element."""
    text = _WRITER.encode(document).translate(_SAFE)
    return Markup(text)  # noqa: S704 (escaped above)


def offered(
    price: Money, *, in_stock: bool, is_new: bool = True
) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Return the same offer as Open Graph properties and as a schema.org Offer."""
    properties = [
        ("product:price:amount", str(price.decimal)),
        ("product:price:currency", price.currency),
        ("og:availability", "instock" if in_stock else "out of stock"),
    ]
    offer = {
        "@type": "Offer",
        "price": str(price.decimal),
        "priceCurrency": price.currency,
        "availability": f"https://schema.org/{'InStock' if in_stock else 'OutOfStock'}",
        "itemCondition": f"https://schema.org/{'New' if is_new else 'Used'}Condition",
    }
    return properties, offer


def breadcrumbs(request: HttpRequest, *steps: tuple[str, str]) -> dict[str, Any]:
    """Return the way to a page, as (name, path) from the top."""
    absolute = _absolute(request)
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": number,
                "name": name,
                "item": absolute(path),
            }
            for number, (name, path) in enumerate(steps, start=1)
        ],
    }
