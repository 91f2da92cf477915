"""A merchant and buyers without parcels, over HTTP only."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from banyan.catalog.models import Shop
from banyan.people.models import Account
from tests.sandbox.driver import Hook
from tests.support import factories as make
from tests.support.sandbox import Sandbox

ADDRESS = make.ADDRESS


class Stall:
    """A shop's studio in its owner's browser."""

    def __init__(self, shop: Shop | None = None) -> None:
        self.shop = shop or make.shop()
        self.browser = Client()
        self.browser.force_login(self.shop.owner)
        self.studio = f"/studio/{self.shop.slug}"

    def sells(self, kind: str, title: str, price: str, *, stock: int | str = "") -> int:
        """Make a product of a kind; return its id."""
        form = {"kind": kind, "title": title, "language": "en", "v0_price": price}
        answer: Any = self.browser.post(f"{self.studio}/goods/new", form | {"v0_stock": str(stock)})
        assert answer.status_code == 302, answer.content.decode()[-1500:]
        found = re.search(r"/goods/(\d+)", answer["Location"])
        assert found
        return int(found[1])

    def says(self, product: int, **form: Any) -> Any:
        """Send the page of how a product is handed over; return the answer."""
        return self.browser.post(f"{self.studio}/goods/{product}/delivery", form)

    def opens(self, product: int) -> int:
        """Put a product on sale; return its variant's id, as its page's buy link names it."""
        done = self.browser.post(f"{self.studio}/goods/{product}/state", {"do": "publish"})
        assert done.status_code == 302
        studio = self.browser.get(f"{self.studio}/goods/{product}").content.decode()
        page = re.search(rf'href="(/shop/{self.shop.slug}/[^"]+)"', studio)
        assert page
        goods = Client().get(page[1]).content.decode()
        found = re.search(r"/checkout\?variant=(\d+)", goods) or re.search(
            r'name="variant" value="(\d+)"', goods
        )
        assert found, goods[-3000:]
        return int(found[1])

    def keyed(self, *keys: str, title: str = "Game") -> tuple[int, int]:
        """Sell licence keys; return product and variant."""
        product = self.sells("digital", title, "50")
        assert self.says(product, way="keys").status_code == 302
        added = self.says(product, do="keys", keys="\n".join(keys))
        assert added.status_code == 302, added.content.decode()[-1500:]
        return product, self.opens(product)

    def filed(self, content: bytes, *, downloads: int = 5, title: str = "Song") -> tuple[int, int]:
        """Sell a file; return product and variant."""
        product = self.sells("digital", title, "30")
        assert self.says(product, way="file", downloads=downloads).status_code == 302
        file = SimpleUploadedFile("..\\..\\my song.mp3", content)
        assert self.says(product, do="file", file=file).status_code == 302
        return product, self.opens(product)

    def service(self, *, title: str = "Haircut", **terms: Any) -> tuple[int, int]:
        """Sell a service; return product and variant."""
        product = self.sells("voucher", title, "80", stock=10)
        said = self.says(product, **{"places": "12 Lake Road", "valid_days": "90"} | terms)
        assert said.status_code == 302, said.content.decode()[-1500:]
        return product, self.opens(product)

    def hires(self, name: str) -> Client:
        """Return the browser of a new clerk."""
        from banyan.catalog.actions import hire

        clerk = make.member(name.lower())
        Account.objects.filter(pk=clerk.pk).update(display_name=f"{name} Zhang")
        hire(
            actor=make.actor(self.shop.owner),
            shop_id=self.shop.pk,
            account_id=clerk.pk,
            role="clerk",
        )
        browser = Client()
        browser.force_login(clerk)
        return browser


class Buyer:
    """A guest who buys and comes back by the link."""

    def __init__(self, sandbox: Sandbox, email: str = "cy@example.com") -> None:
        self.sandbox = sandbox
        self.email = email
        self.browser = Client()
        self.order = ""
        self.ref = ""

    def form(self, variant: int | None, n: int = 1) -> str:
        """Open the checkout of one variant, or of the cart; return its page."""
        query = f"?variant={variant}&n={n}" if variant else ""
        answer = self.browser.get(f"/checkout{query}")
        assert answer.status_code == 200, answer
        return str(answer.content.decode())

    def places(self, variant: int | None, n: int = 1, **typed: Any) -> Any:
        """Send the checkout; return the answer, and keep the payment's reference."""
        page = self.form(variant, n)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        values = {name: unescape(value) for name, value in hidden.items()}
        if variant:
            values |= {"n": str(n)}
        answer: Any = self.browser.post(
            "/checkout", values | {"email": self.email, "provider": "sandbox"} | typed
        )
        if answer.status_code == 302:
            self.ref = urlsplit(answer["Location"]).path.rsplit("/", 1)[1]
        return answer

    def pays(self, outcome: str = "success") -> str:
        """Press Pay at the gateway and come back; return the order's page."""
        back = urlsplit(self.sandbox.pay(self.ref, outcome))
        answer: Any = self.browser.get(f"{back.path}?{back.query}", follow=True)
        self.order = answer.redirect_chain[-1][0].split("?")[0]
        return self.looks()

    def looks(self) -> str:
        """Return the order's page as it is now."""
        answer = self.browser.get(self.order)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def buys(self, variant: int, n: int = 1) -> str:
        """Buy; return the order's page."""
        answer = self.places(variant, n)
        assert answer.status_code == 302, answer.content.decode()[-2500:]
        return self.pays()


def deliver(hook: Hook) -> int:
    """Hand a gateway's message to our door; return the status."""
    headers = {name: value for name, value in hook.headers.items() if name.startswith("webhook-")}
    answer = Client().post(
        "/pay/hook/sandbox", hook.body, content_type="application/json", headers=headers
    )
    return answer.status_code


def shown_keys(page: str) -> list[str]:
    """Return the licence keys of an order's page."""
    return [unescape(key) for key in re.findall(r'class="licence-key"[^>]*>([^<]+)<', page)]


def shown_codes(page: str) -> list[str]:
    """Return the voucher codes of an order's page that can be used."""
    return re.findall(r'class="voucher-code"><code>([^<]+)</code>', page)


def file_link(page: str) -> str:
    """Return where an order's page sends the download form."""
    found = re.search(r'action="(/d/[^"]+)"', page)
    assert found, page[-3000:]
    return unescape(found[1])
