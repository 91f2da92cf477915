"""Row 38: services bought online and used on site, once, with and without a network."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Shop, Stock
from banyan.delivery.actions import expire_due, remind_due
from banyan.delivery.models import Scan, Voucher
from banyan.delivery.rules import digest_of, grouped, new_voucher_code, read_code
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.notify.models import Message
from banyan.orders.models import Order, OrderRefund
from tests.delivery.stall import Buyer, Stall, shown_codes
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.threads import run_at_once

SYSTEM = Actor.system("test")


class Till:
    """A cashier's browser; ``ahead`` is how far its clock is off."""

    def __init__(self, stall: Stall, name: str, ahead: dt.timedelta = dt.timedelta(0)) -> None:
        self.stall = stall
        self.browser = stall.hires(name)
        self.device = f"{name.lower()}-phone"
        self.ahead = ahead
        self.room = f"{stall.studio}/redeem"
        self.stamp = ""
        self.kept: list[dict[str, str]] = []

    def redeems(self, code: str, place: str = "") -> str:
        """Type a code on line; return the page that says how it went."""
        page = self.browser.get(self.room).content.decode()
        key = re.search(r'name="key" value="([^"]+)"', page)
        assert key
        answer: Any = self.browser.post(
            self.room, {"code": code, "place": place, "key": key[1]}, follow=True
        )
        return str(answer.content.decode())

    def takes_list(self) -> list[str]:
        """Take today's list along; return its digests."""
        told: Any = self.browser.get(f"{self.room}/list").json()
        self.stamp = told["stamp"]
        codes: list[str] = told["codes"]
        return codes

    def keeps(self, code: str, place: str, *, ago: dt.timedelta = dt.timedelta(0)) -> None:
        """Take a code without a network, some time ago by the right clock."""
        at = clock.now() - ago + self.ahead
        entry = {"key": f"k{len(self.kept)}", "code": code, "place": place, "at": at.isoformat()}
        self.kept.append(entry)

    def syncs(self) -> dict[str, Any]:
        """Send what was kept; return the answers by key."""
        answer: Any = self.browser.post(
            f"{self.room}/sync",
            {
                "device": self.device,
                "now": (clock.now() + self.ahead).isoformat(),
                "list": self.stamp,
                "scans": self.kept,
            },
            content_type="application/json",
        )
        assert answer.status_code == 200, answer.content
        return {each["key"]: each for each in answer.json()["scans"]}


def accepted() -> int:
    return Scan.objects.filter(result="accepted").count()


@pytest.mark.django_db
def test_row_38_a_haircut_is_bought_without_an_address_and_had_once(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    buyer = Buyer(sandbox)
    form = buyer.form(variant)
    assert 'name="recipient"' not in form
    assert "Shipping" not in form

    page = buyer.buys(variant, n=2)

    codes = shown_codes(page)
    assert len(set(codes)) == 2
    assert "12 Lake Road" in page
    assert len(re.findall(r'src="/v/[^"]+/qr"', page)) == 2
    qr: Any = buyer.browser.get(re.findall(r'src="(/v/[^"]+/qr)"', page)[0])
    assert qr["Content-Type"] == "image/png"
    # what the QR says: for its holder the voucher, for the staff the till with the code in it
    link = f"/v/{read_code(codes[0])}"
    assert codes[0] in Client().get(link).content.decode()
    mei = Till(stall, "Mei")
    at_till: Any = mei.browser.get(link, follow=True)
    assert f'value="{codes[0]}"' in at_till.content.decode()

    assert "Redeemed" in _result(mei.redeems(codes[0], "Front desk"))
    second = Till(stall, "Bo").redeems(codes[0], "Back room")

    assert "This voucher was redeemed before" in second
    at = Voucher.objects.exclude(redeemed_at=None).get().redeemed_at
    local = f"{at.astimezone(zoneinfo.ZoneInfo(stall.shop.timezone)):%Y-%m-%d %H:%M}" if at else ""
    assert f"Redeemed on {local} · Front desk · Mei" in _result(second)
    assert "Zhang" not in second
    assert Voucher.objects.filter(state="redeemed").count() == 1
    # the holder's page says so, and offers no code that could be used again
    assert len(shown_codes(buyer.looks())) == 1
    assert "Front desk" in buyer.looks()
    assert recount() == {}


@pytest.mark.django_db
def test_row_38_a_typing_mistake_is_not_a_try(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    code = shown_codes(Buyer(sandbox).buys(variant))[0]
    mei = Till(stall, "Mei")
    swapped = code[:3] + code[4] + code[3] + code[5:] if code[3] != code[4] else "2" + code[1:]

    page = mei.redeems(swapped)

    assert "This is not a voucher code" in page
    assert Scan.objects.count() == 0
    # spaces, small letters and the whole link are fine
    typed = code.lower().replace("-", " ")
    assert "Redeemed" in _result(mei.redeems(typed))
    other = Stall().hires("Eve")
    assert other.post(mei.room, {"code": code}).status_code == 404
    assert accepted() == 1


@pytest.mark.usefixtures("threaded_db")
def test_row_38_scanned_twice_by_two_cashiers_at_once(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    code = shown_codes(Buyer(sandbox).buys(variant))[0]
    tills = [Till(stall, "Mei"), Till(stall, "Bo")]

    pages = run_at_once(
        lambda: tills[0].redeems(code, "Front desk"), lambda: tills[1].redeems(code, "Back room")
    )

    told = [page for page in pages if "This voucher was redeemed before" in _result(page)]
    assert len(told) == 1, pages
    winner = ("Front desk", "Mei") if told[0] is pages[1] else ("Back room", "Bo")
    assert all(word in _result(told[0]) for word in winner)
    assert accepted() == 1
    assert Voucher.objects.get().state == "redeemed"
    assert recount() == {}


def _result(page: str) -> str:
    found = re.search(r'id="result".*?</div>\s*<section', page, re.DOTALL)
    return found[0] if found else ""


@pytest.mark.django_db
@pytest.mark.parametrize("first", [0, 1], ids=["early-clock-first", "late-clock-first"])
def test_row_38_two_offline_cashiers_redeem_one_voucher(sandbox: Sandbox, first: int) -> None:
    stall = Stall()
    _product, variant = stall.service()
    buyer = Buyer(sandbox)
    code = shown_codes(buyer.buys(variant))[0]
    # Mei's clock is three hours behind, Bo's two hours ahead: neither is trusted
    mei = Till(stall, "Mei", -dt.timedelta(hours=3))
    bo = Till(stall, "Bo", dt.timedelta(hours=2))
    digest = digest_of(read_code(code) or "")[:32]
    assert digest in mei.takes_list()
    bo.takes_list()
    mei.keeps(code, "Front desk", ago=dt.timedelta(minutes=20))
    bo.keeps(code, "Back room", ago=dt.timedelta(minutes=40))
    assert Voucher.objects.get().state == "issued", "nothing was told yet"

    winner, loser = (mei, bo) if first == 0 else (bo, mei)
    won = winner.syncs()["k0"]
    lost = loser.syncs()["k0"]

    # whoever's message arrives first is served; the other learns when, where and by whom
    assert won["result"] == "accepted"
    assert lost["result"] == "voucher_redeemed"
    place, name = ("Front desk", "Mei") if first == 0 else ("Back room", "Bo")
    assert (lost["where"], lost["by"]) == (place, name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", lost["at"])
    voucher = Voucher.objects.get()
    assert (voucher.state, voucher.redeemed_place) == ("redeemed", place)
    skews = {scan.device: round((scan.skew_ms or 0) / 60_000) for scan in Scan.objects.all()}
    assert skews == {"mei-phone": -180, "bo-phone": 120}
    assert Scan.objects.exclude(list_at=None).count() == 2
    # the same told again, as after a lost answer, changes nothing and says the same
    assert winner.syncs()["k0"] == won
    assert loser.syncs()["k0"] == lost
    assert Scan.objects.count() == 2
    # the shop has it on its list of conflicts until somebody has looked at it
    room = stall.browser.get(f"{stall.studio}/redeem").content.decode()
    conflict = re.search(r'id="conflicts".*?</section>', room, re.DOTALL)
    assert conflict
    other_place = "Back room" if first == 0 else "Front desk"
    for word in ("Haircut", place, other_place, loser.device):
        assert word in conflict[0]
    seen = re.search(rf'action="({stall.studio}/redeem/\d+/seen)"', room)
    assert seen
    assert stall.browser.post(seen[1]).status_code == 302
    assert 'id="conflicts"' not in stall.browser.get(f"{stall.studio}/redeem").content.decode()
    relay.drain()
    assert Order.objects.get().state == "received"
    assert recount() == {}


@pytest.mark.django_db
def test_row_38_a_list_tells_nothing_to_others(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    code = shown_codes(Buyer(sandbox).buys(variant))[0]
    mei, stranger = Till(stall, "Mei"), Stall().browser

    assert stranger.get(f"{mei.room}/list").status_code == 404
    assert Client().get(f"{mei.room}/list").status_code == 302
    listed = mei.browser.get(f"{mei.room}/list").content.decode()
    assert code not in listed
    assert (read_code(code) or "x") not in listed
    assert stranger.post(f"{mei.room}/sync", {}, content_type="application/json").status_code == 404
    # a stamp of another shop's list is none
    mei.stamp = "list/1/2026-01-01T00:00:00+00:00/x:forged:signature"
    mei.keeps(code, "Front desk")
    assert mei.syncs()["k0"]["result"] == "accepted"
    assert Scan.objects.get().list_at is None


ODD_SCAN = (
    b'{"device": "a", "now": "2026-01-01T00:00:00Z", "scans": [{"key": "%s", "place": "%s",'
    b' "code": "CODE", "at": "2026-01-01T00:00:00Z"}]}'
)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "told",
    [
        b"", b"[]", b"{", b'{"device": "a"}', b'{"device": "a", "now": "yesterday", "scans": []}',
        b'{"device": "a", "now": "2026-01-01T00:00:00", "scans": []}',
        b'{"device": "a", "now": "0001-01-01T00:00:00+23:00", "scans": []}',
        b'{"device": "\\u0000", "now": "2026-01-01T00:00:00Z", "scans": []}',
        b'{"device": "a", "now": "2026-01-01T00:00:00Z", "scans": {"a": 1}}',
        b'{"device": "a", "now": "2026-01-01T00:00:00Z", "scans": [1]}',
        b'{"device": "a", "now": "2026-01-01T00:00:00Z", "scans": [{"key": "k", "code": "c"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"device": "\\ud800", "now": "2026-01-01T00:00:00Z", "scans": []}',
        ODD_SCAN % (b"\\ud800", b"Desk"), ODD_SCAN % (b"k", b"\\u0000"),
        ODD_SCAN % (b"k", b"\\udfff"),
        b'{"device": "a", "now": "9999-12-31T23:00:00Z", "scans": []}',
        (ODD_SCAN % (b"k", b"Desk")).replace(b'"at": "2026-01-01T00', b'"at": "9999-12-31T23'),
    ],
)  # fmt: skip
def test_row_38_an_unreadable_sync_is_refused_as_a_whole(told: bytes) -> None:
    stall = Stall()
    answer = stall.browser.post(
        f"{stall.studio}/redeem/sync",
        told.replace(b"CODE", grouped(new_voucher_code()).encode()),
        content_type="application/json",
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "sync_unreadable"
    assert Scan.objects.count() == 0
    assert stall.browser.get(f"{stall.studio}/redeem").status_code == 200


@pytest.mark.django_db
def test_row_38_keys_that_begin_alike_are_those_of_two_scans(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    codes = shown_codes(Buyer(sandbox).buys(variant, n=2))
    mei = Till(stall, "Mei")
    mei.device = "the-tablet-at-the-front-desk-of-the-shop"
    for code in codes:
        mei.keeps(code, "Front desk")
    for number, kept in enumerate(mei.kept):
        kept["key"] = f"{'2026-05-01T12:00:00.000Z/front-desk/of/the/shop':<58}{number}"

    told = [each["result"] for each in mei.syncs().values()]

    assert told == ["accepted", "accepted"]
    assert mei.syncs().keys() == {kept["key"] for kept in mei.kept}
    assert Scan.objects.count() == 2


@pytest.mark.django_db
def test_row_38_told_late_but_scanned_in_time(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service(valid_days="1")
    codes = shown_codes(Buyer(sandbox).buys(variant, n=2))
    end = Voucher.objects.order_by("id")[0].valid_until
    assert end is not None
    mei = Till(stall, "Mei", dt.timedelta(hours=-5))
    with clock.at(end + dt.timedelta(hours=1)):
        expire_due(actor=SYSTEM)
        assert Voucher.objects.filter(state="expired").count() == 2
        assert "expired" in mei.redeems(codes[0])
        mei.keeps(codes[0], "Front desk", ago=dt.timedelta(hours=2))
        mei.keeps(codes[1], "Front desk", ago=dt.timedelta(minutes=30))
        told = mei.syncs()
    assert told["k0"]["result"] == "accepted", "an hour before the end"
    assert told["k1"]["result"] == "voucher_expired", "half an hour after it"
    assert recount() == {}


@pytest.mark.django_db
def test_row_38_money_for_a_used_voucher_is_the_shops_to_give(sandbox: Sandbox) -> None:
    stall = Stall()
    _product, variant = stall.service()
    buyer = Buyer(sandbox)
    codes = shown_codes(buyer.buys(variant, n=2))
    order = Order.objects.get()
    Till(stall, "Mei").redeems(codes[0])
    ask = f"{buyer.order}/{order.pk}/refund"

    refused = buyer.browser.post(ask, {"amount": "160", "reason": "ill", "key": "a"})
    assert refused.status_code == 422
    assert "was used already" in refused.content.decode()
    assert OrderRefund.objects.count() == 0
    asked = buyer.browser.post(ask, {"amount": "80", "reason": "ill", "key": "b"})
    assert asked.status_code == 302
    request = OrderRefund.objects.get()
    granted = stall.browser.post(
        f"{stall.studio}/orders/{order.pk}/answer", {"request": request.pk, "do": "grant"}
    )
    assert granted.status_code == 302, granted.content.decode()[-1500:]

    # the unused one is void from that moment on, and its unit can be sold again
    assert "was refunded" in Till(stall, "Bo").redeems(codes[1])
    assert sorted(Voucher.objects.values_list("state", flat=True)) == ["redeemed", "refunded"]
    assert Stock.objects.get(variant_id=variant).on_hand == 9
    # staff may give the money of the used one too
    rest = stall.browser.post(
        f"{stall.studio}/orders/{order.pk}/refund",
        {"amount": "80", "reason": "sorry", "key": "c"},
    )
    assert rest.status_code == 302
    assert Order.objects.get().state == "closed"
    assert Voucher.objects.filter(state="redeemed").count() == 1
    assert recount() == {}


@pytest.mark.django_db
def test_row_38_one_reminder_two_days_before_the_end(sandbox: Sandbox) -> None:
    stall = Stall()
    Shop.objects.update(timezone="Asia/Shanghai")
    _product, variant = stall.service(valid_days="30")
    Buyer(sandbox).buys(variant, n=2)
    end = Voucher.objects.order_by("id")[0].valid_until
    assert end is not None
    for hours in (72, 49, 47, 24, 1):
        with clock.at(end - dt.timedelta(hours=hours)):
            remind_due(actor=SYSTEM)
            relay.drain()
            count = Message.objects.filter(kind="voucher.expiring").count()
            assert count == (0 if hours > 48 else 1), hours
    with clock.at(end):
        assert expire_due(actor=SYSTEM) == 2
        relay.drain()
    assert Order.objects.get().state == "received"
    letter = Message.objects.get(kind="voucher.expiring")
    there = end.astimezone(zoneinfo.ZoneInfo("Asia/Shanghai"))
    assert f"{there:%Y-%m-%d %H:%M} UTC+8." in letter.body, "by the clock of the shop"
