"""Sample values for the gallery page. Nothing here reaches a page that people use."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from django import forms
from django.utils import timezone

from banyan.kernel.money import Money
from banyan.media.rules import palette_number
from banyan.web.ui.icons import PATHS
from banyan.web.ui.shapes import (
    Entry,
    Face,
    FunnelStep,
    Picture,
    PostCard,
    ProductCard,
    Spot,
    Tab,
    TreeNode,
)

_TONES = (
    ("e9c9a6", "f6e7d2", "a9562f"),
    ("a9c4b5", "c4d8cc", "23624c"),
    ("cab6da", "ddd0e8", "674688"),
    ("f2c4b4", "f8dcd2", "c4472a"),
    ("b7d0e6", "d3e3f1", "2f5f8e"),
    ("e8d78c", "f2e8b8", "94761a"),
)
_THINGS = {
    "cup": '<path d="M120 190h150l-16 130a20 20 0 0 1-20 18h-78a20 20 0 0 1-20-18z" '
    'fill="#f6e9d8"/>'
    '<path d="M262 214c50-8 50 72-10 74" fill="none" stroke="#f6e9d8" stroke-width="16"/>',
    "plant": '<path d="M140 280h120l-14 90h-92z" fill="#{c}"/><path d="M200 280c-60-20-80-70-76'
    "-110 50 10 76 60 76 110zm0 0c60-20 80-70 76-110-50 10-76 60-76 110zm0 0c-30-60-20-110 0-150 "
    '20 40 30 90 0 150z" fill="#{c}" opacity=".9"/>',
    "dress": '<path d="M150 110c20 30 80 30 100 0l24 70-34 50 80 190H80l80-190-34-50z" '
    'fill="#{c}"/>',
    "book": '<rect x="120" y="130" width="170" height="220" rx="8" fill="#{c}"/>'
    '<rect x="134" y="130" width="156" height="220" rx="6" fill="#f4effa"/>'
    '<path d="M160 180h100M160 212h70" stroke="#{c}" stroke-width="12" stroke-linecap="round"/>',
}


def still(thing: str, tone: int, width: int = 400, height: int = 500, alt: str = "") -> Picture:
    """Draw a flat still life as a data address."""
    paper, light, colour = _TONES[tone]
    drawn = _THINGS[thing].replace("{c}", colour)
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 500" width="{width}" '
        f'height="{height}" preserveAspectRatio="xMidYMid slice"><rect width="400" height="500" '
        f'fill="#{paper}"/><circle cx="330" cy="90" r="150" fill="#{light}" opacity=".7"/>'
        f'<rect y="380" width="400" height="120" fill="#{colour}" opacity=".16"/>{drawn}</svg>'
    )
    red, green, blue = (int(paper[i : i + 2], 16) for i in (0, 2, 4))
    return Picture(
        src=f"data:image/svg+xml,{quote(image)}",
        width=width,
        height=height,
        alt=alt,
        placeholder=palette_number(red, green, blue),
    )


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Name", help_text="As on the parcel.")
    email = forms.EmailField(label="E-mail", required=False)
    country = forms.ChoiceField(label="Country", choices=[("CN", "China"), ("DE", "Germany")])
    way = forms.ChoiceField(
        label="Delivery",
        choices=[("post", "Post, 2 to 4 days"), ("pick", "Pick up")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    agree = forms.BooleanField(label="Tell me when the parcel is on its way")


_MIO, _NOOR, _LU = Face("mio", "#mio"), Face("Noor", "#noor"), Face("read.with.lu", "#lu")
_BEI, _KAI = Face("aunt bei", "#bei"), Face("Kai", "#kai")
_PEOPLE = (_MIO, _NOOR, _LU, _BEI, _KAI)


def _posts() -> list[PostCard]:
    rows = [
        ("Hand-thrown cups from the kiln sale. The glaze is even better in person", "cup", 0, 500),
        ("Repotting day: what finally worked for my fig", "plant", 1, 400),
        ("Three books that got me through the winter", "book", 2, 420),
        ("Linen for 35 degrees, size chart in the comments", "dress", 3, 533),
        ("开学第一周的书单", "book", 5, 533),
        ("Blue cups, second firing", "cup", 4, 400),
        ("A plant that forgives you", "plant", 5, 500),
        ("Dressing for a wedding in the rain", "dress", 4, 500),
    ]
    return [
        PostCard(
            url="#post",
            title=title,
            picture=still(thing, tone, 400, height, title),
            author=_PEOPLE[n % 5],
            price=Money(6800 + 3100 * n, "CNY") if n % 3 != 2 else None,
            likes=(328, 512, 97, 1240, 18, 4, 0, 77)[n],
            pictures=1 + n % 3,
            reason="Noor saved this" if n == 1 else "",
        )
        for n, (title, thing, tone, height) in enumerate(rows)
    ]


def _products() -> list[ProductCard]:
    return [
        ProductCard(
            "#",
            "Washed linen midi dress, four colours",
            still("dress", 3),
            Money(19900, "CNY"),
            was=Money(23900, "CNY"),
            sub="Kiln & Co · 212 sold",
        ),
        ProductCard(
            "#",
            "Weeping fig, 60 cm, with pot",
            still("plant", 1),
            Money(12900, "CNY"),
            sub="Leafy Lane",
        ),
        ProductCard("#", "Hand-thrown cup", still("cup", 0), Money(6800, "CNY"), sold_out=True),
        ProductCard("#", "青梅酒 500 ml", still("book", 5), Money(8800, "CNY"), sub="城市品酒榜"),
    ]


def tree_nodes(count: int = 180, seed: int = 7) -> list[TreeNode]:
    """Return a seeded share tree of ``count`` people."""
    random = Random(seed)  # noqa: S311 - for looks, no secret
    nodes = [TreeNode("0", None, "root", "mio")]
    for n in range(1, count):
        parent = nodes[int(random.random() ** 2.2 * len(nodes))]
        roll = random.random()
        kind = "bought" if roll < 0.2 else "shared" if roll < 0.5 else "opened"
        nodes.append(TreeNode(str(n), parent.id, kind))
    return nodes


def _entries() -> list[Entry]:
    now = timezone.now()
    return [
        Entry("mio opened the link that Noor shared", now - timedelta(hours=5), "mio"),
        Entry(
            "Paid",
            now - timedelta(hours=4),
            "Sandbox",
            "CN¥199.00, reference pay_8f2c",
            state="good",
        ),
        Entry(
            "Payment attempt refused",
            now - timedelta(hours=4),
            "Sandbox",
            "Card expired",
            state="bad",
        ),
        Entry("On its way", now - timedelta(hours=1), "Kiln & Co", "SF1234567890", "#track"),
        Entry("Delivered", None, "", "Expected by tomorrow evening", state="next"),
    ]


def context() -> dict[str, Any]:
    """Return everything the gallery templates show."""
    refused = SampleForm({"name": "", "email": "not an address", "country": "CN"})
    refused.is_valid()
    products = _products()
    return {
        "icons": sorted(PATHS),
        "posts": _posts(),
        "people": _PEOPLE,
        "path2": (_MIO, _NOOR),
        "path1": (_NOOR,),
        "path6": (_MIO, _NOOR, _LU, _BEI, _KAI, Face("Ana")),
        "products": products,
        "product": products[0],
        "hero": still("dress", 3, 800, 800, "A red linen dress"),
        "spots": [
            Spot(0.62, 0.45, "Linen dress", "#dress", Money(23900, "CNY")),
            Spot(0.2, 0.8, "Shoes", "#shoes"),
        ],
        "form": SampleForm(),
        "refused": refused,
        "price": Money(19900, "CNY"),
        "was": Money(23900, "CNY"),
        "euro": Money(3995, "EUR"),
        "yen": Money(5800, "JPY"),
        "minus": Money(-875, "CNY"),
        "plus": Money(995, "CNY"),
        "entries": _entries(),
        "tabs": [
            Tab("Following", "#"),
            Tab("Discover", "#", current=True),
            Tab("Nearby", "#", count=12),
            Tab("Moments", "#"),
        ],
        "funnel": [
            FunnelStep("Shown", 24310),
            FunnelStep("Opened", 3911, 0.161),
            FunnelStep("Visited", 2208, 0.565),
            FunnelStep("Ordered", 211, 0.096),
            FunnelStep("Paid", 176, 0.08, 0.069, 0.092, "of visits"),
        ],
        "tree": tree_nodes(),
        "deadline": timezone.now() + timedelta(hours=5, minutes=42, seconds=10),
        "later": timezone.now() + timedelta(days=2, hours=3),
        "sales": Money(1248000, "CNY"),
        "promised": Money(190400, "CNY"),
        "options": [
            {"value": "s", "text": "S", "checked": True},
            {"value": "m", "text": "M"},
            {"value": "l", "text": "L", "sold_out": True},
        ],
        "staged": [{"token": "t1", "thumb_url": still("cup", 0).src, "name": "cup.jpg"}],
        "facts": [
            ("Linen dress, S x 1", Money(23900, "CNY")),
            ("Price through Noor", Money(-4000, "CNY")),
            ("Delivery", "Free"),
            ("Total", Money(19900, "CNY"), "total"),
            ("Noor earns", Money(995, "CNY"), "earned"),
        ],
        "placeholders": [f"{n:02d}" for n in range(64)],
        "studio_nav": [
            {"text": text, "url": "#", "icon": icon, "current": n == 0}
            for n, (text, icon) in enumerate(
                [
                    ("Today", "chart"),
                    ("Orders", "orders"),
                    ("Goods", "box"),
                    ("Sharers", "people"),
                    ("Cascades", "tree"),
                    ("Earnings", "coin"),
                    ("Settings", "settings"),
                ]
            )
        ],
        "shop": {"name": "Kiln & Co"},
        "nav": "home",
        "cart_count": 2,
        "retry_after": 30,
        "request_id": "req-7d3f1c",
    }
