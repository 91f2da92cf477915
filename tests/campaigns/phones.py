"""Members who take part and buy over HTTP alone, each with a browser that can be changed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from django.test import Client

from banyan.campaigns.models import Campaign
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import PHONE, WECHAT, payment_ref

__all__ = ["PHONE", "WECHAT", "Phone"]


class Phone:
    """A member's browser: no script runs, forms and links are all there is."""

    def __init__(self, account: Account, agent: str = PHONE) -> None:
        self.account = account
        self.browser = Client(headers={"user-agent": agent})
        self.browser.force_login(account)
        self.page = ""

    def look(self, url: str) -> str:
        """Open a page."""
        answer = self.browser.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        self.page = answer.content.decode()
        return self.page

    def press(self, url: str) -> str:
        """Press the button of a form that stands on a page; return where it leads."""
        answer = self.browser.post(url, {"named": "1"})
        assert answer.status_code == 302, answer.content.decode()[-500:]
        return str(answer["Location"])

    def begin(self, campaign: Campaign) -> str:
        """Begin a play by the campaign's own page; return its address."""
        self.look(f"/campaign/{campaign.code}")
        found = re.search(r'action="(/campaign/[^"]+/begin)"', self.page)
        assert found, self.page[-2000:]
        return self.press(found[1])

    def act(self, play: str, verb: str) -> str:
        """Do what the play's page offers; return where it leads."""
        self.look(play)
        assert f'action="{play}/{verb}"' in self.page, self.page[-3000:]
        return self.press(f"{play}/{verb}")

    def buy(self, checkout: str, sandbox: Sandbox) -> int:
        """Order and pay at a checkout as it is filled in; return what was paid, in minor units."""
        self.look(checkout)
        pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page)
        form = {name: unescape(value) for name, value in pairs}
        form |= make.ADDRESS | {"recipient": self.account.display_name}
        form |= {"email": self.account.email or "", "n": "1"}
        answer = self.browser.post("/checkout", form)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        back = urlsplit(sandbox.pay(payment_ref(answer["Location"])))
        self.browser.get(f"{back.path}?{back.query}")
        order = Order.objects.filter(checkout__buyer=self.account).order_by("-id")[0]
        assert order.paid_at is not None, order.state
        return order.total_amount
