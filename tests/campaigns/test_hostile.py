"""Whatever a hostile hand sends to the campaigns: an answer below 500, and nobody counts twice.

Strangers change no row; odd values are refused or lead to something that works.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from banyan.campaigns.mechanic import mechanic, mechanics
from banyan.campaigns.models import Campaign, Contribution, Instance, Participation
from banyan.campaigns.proof import campaign_audit
from banyan.ledger.proof import verify
from banyan.people.models import Account
from tests.api.client import Program
from tests.api.dumps import rows_of_all_tables
from tests.campaigns.hostile import ODD, RAW, Town, arguments, routes, town
from tests.support.database import wipe
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
ROUTES = {str(route.name): route for route in routes()}
API = ("/campaigns", "/plays", "/packets", "/shop-campaigns", "/shops/{shop_id}/campaigns")
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
QUIET = {"django_session", "kernel_ratebucket"}
"""What knocking alone writes."""


@pytest.fixture(scope="module")
def at(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The town, committed; what a test does to it is rolled back."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield town()
        finally:
            wipe()


@pytest.fixture(autouse=True)
def _no_rates(settings: Any) -> None:
    settings.API_RATES = {}


class Hand:
    """Somebody's browser that sends whatever it likes, and keeps what failed."""

    def __init__(self, account: Account | None) -> None:
        self.browser = Client(raise_request_exception=False)
        if account is not None:
            self.browser.force_login(account)
        self.failed: list[tuple[str, str, int]] = []
        self.met: Counter[int] = Counter()

    def get(self, url: str) -> int:
        """Open a page."""
        return self._noted("GET", url, self.browser.get(url).status_code)

    def post(self, url: str, form: Mapping[str, Any]) -> int:
        """Send a form."""
        return self._noted(f"POST {form!r:.80}", url, self.browser.post(url, form).status_code)

    def raw(self, url: str) -> None:
        """Send bodies that are no forms."""
        for body, kind in RAW:
            answer = self.browser.generic("POST", url, body, content_type=kind)
            self._noted(f"POST {body[:20]!r}", url, answer.status_code)

    def _noted(self, what: str, url: str, status: int) -> int:
        self.met[status] += 1
        if status >= 500:
            self.failed.append((what, url, status))
        return status


def _rows() -> dict[str, list[str]]:
    return {name: rows for name, rows in rows_of_all_tables().items() if name not in QUIET}


def _assert_nobody_counts_twice() -> None:
    inside = Participation.objects.exclude(state="out").values_list("instance_id", "account_id")
    helped = Contribution.objects.values_list("instance_id", "helper_id")
    assert set((Counter(inside) + Counter(helped)).values()) == {1}


def _assert_sound() -> None:
    assert campaign_audit() == {}
    assert recount() == {}
    assert verify().clean


def _addresses(at: Town, route: URLPattern) -> list[str]:
    """Return addresses of a route; what does not even look like one is left out."""
    found = []
    for values in arguments(at, route):
        with contextlib.suppress(NoReverseMatch):
            found.append(reverse(str(route.name), kwargs=values))
    return found


@pytest.mark.parametrize("name", ROUTES)
def test_strangers_who_try_every_page_get_no_fault_and_change_nothing(name: str, at: Town) -> None:
    guest, rival = Hand(None), Hand(at.rival)
    takes_part = name in {"play_act", "campaign_begin", "packet_new"}
    before = _rows()
    for url in _addresses(at, ROUTES[name]):
        guest.get(url)
        guest.post(url, {"act": "publish", "named": "1"})
        if not takes_part:
            rival.post(url, {"act": "end", "title": "Mine", "shop": at.shop.pk})
        rival.get(url)
    guest.raw(url)
    rival.raw(url)
    assert guest.failed + rival.failed == []
    assert _rows() == before
    if name.startswith("studio_"):
        assert set(rival.met) <= {404, 400, 405}, rival.met


@pytest.mark.parametrize("code", ["play_act", "campaign_begin"])
def test_members_press_everything_twice_with_odd_words_and_nobody_counts_twice(
    code: str, at: Town
) -> None:
    hands = [Hand(who) for who in (at.ben, at.owner, at.ana)]
    for n, url in enumerate(_addresses(at, ROUTES[code])):
        odd, other = ODD[n % len(ODD)], ODD[(n * 7 + 3) % len(ODD)]
        form = {"named": odd, "via": other, "t": odd, "turn": other, "word": odd, "wish": other}
        form |= {"total": odd, "count": other, "mode": odd, "code": other, "pair": odd}
        for hand in hands:
            hand.post(url, form)
            hand.post(url, {"via": odd, "total": "900", "count": "3", "wish": other})
    assert [one for hand in hands for one in hand.failed] == []
    _assert_nobody_counts_twice()
    _assert_sound()


def test_a_packet_s_form_with_odd_words_spends_nothing_that_is_not_there(at: Town) -> None:
    ben, usual = Hand(at.ben), {"currency": "CNY", "total": "1", "count": "1", "mode": "random"}
    url = reverse("packet_new")
    names = (*usual, "wish", "word", "room", "campaign", "key")
    for n, name in enumerate(names):
        for step, odd in enumerate(ODD):
            if (n + step) % 4 == 0:
                ben.post(url, usual | {"key": f"{n}{step}"} | {name: odd})
    for odd in ODD[::4]:
        ben.get(f"{url}?{urlencode(dict.fromkeys(names, odd[:200]))}")
    assert ben.failed == []
    filled = Instance.objects.filter(owner=at.ben, campaign__mechanic="red_packet")
    # Three in Arabic digits is three.
    assert set(filled.values_list("amount", "cap")) <= {(100, 1), (300, 1)}
    _assert_sound()


@pytest.mark.parametrize("code", mechanics())
def test_a_merchant_s_form_with_odd_words_is_refused_or_leads_to_a_draft_that_works(
    code: str, at: Town
) -> None:
    owner, ben = Hand(at.owner), Hand(at.ben)
    form = {key: str(value) for key, value in at.terms[code].items()}
    form |= {"title": "A", "starts_at": "2026-01-01T00:00", "ends_at": "2026-06-01T00:00"}
    form |= {name: str(int(form[name]) // 100) for name in ("price", "floor") if name in form}
    url, count = reverse("studio_campaign_new", args=[at.shop.slug, code]), Campaign.objects.count()
    change = reverse("studio_campaign_change", args=[at.shop.slug, at.drafts[code].pk])
    assert owner.post(url, form) == 302
    names = [*form, "about", "drive", "landing", "market", "budget", "plays", "coupon_off"]
    names += [one.name for one in mechanic(code).terms.asked() if one.name not in form]
    for n, name in enumerate(names):
        for odd in ODD if SOAK else (ODD[n % len(ODD)], ODD[(n * 5 + 2) % len(ODD)]):
            owner.post(url, form | {name: odd})
        owner.post(change, form | {name: ODD[(n * 3 + 11) % len(ODD)]})
    for odd in ODD[::4]:
        owner.get(f"{url}?preset={odd[:200]}")
        owner.post(url, dict.fromkeys(names, odd))
    made = Campaign.objects.order_by("-id")[: min(5, Campaign.objects.count() - count)]
    for one in made:
        page = reverse("studio_campaign", args=[at.shop.slug, one.pk])
        for act in ("resume", "pause", "end", "__class__", "\0"):
            owner.post(f"{page}/act", {"act": act})
        one.refresh_from_db()
        assert one.state == "draft", "nothing but publishing it publishes a draft"
        owner.get(page)
        owner.post(f"{page}/act", {"act": "publish"})
        ben.get(f"/campaign/{one.code}")
        ben.post(f"/campaign/{one.code}/begin", {"total": "900", "count": "3"})
        owner.post(f"{page}/act", {"act": "end"})
    assert owner.failed + ben.failed == []
    assert made
    _assert_sound()


# -- programs -------------------------------------------------------------------------------------

ODD_JSON: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, [], {}, ["a"], {"amount": 1}, "", "9" * 400, "a\0b"),
    *("x" * 70_000, {"amount": 10**30, "currency": "CNY"}, {"amount": 1, "currency": "XXX"}),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00+99:00"),
)


def _operations() -> list[tuple[str, str]]:
    schema = Client().get("/api/openapi.json").json()
    found = [
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in schema["paths"].items()
        for method in methods
    ]
    return [one for one in found if one[1].startswith(API)]


class Caller:
    """A program that sends whatever it likes, and keeps what failed."""

    def __init__(self, account: Account | None) -> None:
        self.program = Program(account)
        self.failed: list[tuple[str, str, str, int]] = []
        self.met: Counter[int] = Counter()

    def send(self, method: str, path: str, body: Any) -> int:
        """Send it."""
        status = self.program.send(method, path, body).status_code
        self.met[status] += 1
        if status >= 500:
            self.failed.append((method, path, repr(body)[:80], status))
        return status


def _paths(at: Town, path: str) -> list[str]:
    plays = [one.code for one in at.plays.values()]
    shown = [one.code for one in (*at.running.values(), *at.drafts.values())]
    odd = ["%00", "a%00b", "9" * 60, "%ED%A0%80", "..%2f"]
    values: dict[str, list[Any]] = {
        "{shop_id}": [at.shop.pk, 0, 10**30],
        "{campaign_id}": [one.pk for one in at.drafts.values()] + [2**63, "x"],
        "{packet_code}": [*plays, *odd],
        "{verb}": ["join", "help", "withdraw", "redeem", "__class__", "%00"],
        "{code}": [*(plays if path.startswith("/plays") else shown), *odd],
    }
    paths = [path]
    for name, known in values.items():
        paths = [one.replace(name, str(value)) for one in paths for value in known]
    return list(dict.fromkeys(paths))


def test_programs_of_strangers_get_no_fault_and_change_nothing_of_the_shop(at: Town) -> None:
    guest, rival = Caller(None), Caller(at.rival)
    before = _rows()
    operations = _operations()
    assert len(operations) > 10
    for method, path in operations:
        for one in _paths(at, path):
            guest.send(method, one, {})
            if "shop" in path or method == "GET":
                assert rival.send(method, one, {}) != 200 or method == "GET"
    assert guest.failed + rival.failed == []
    assert _rows() == before


def test_programs_of_members_send_odd_bodies_and_nobody_counts_twice(at: Town) -> None:
    ben = Caller(at.ben)
    names = ("named", "via", "given", "word", "total", "count", "mode", "wish", "room_id", "extra")
    usual = {"total": {"amount": 300, "currency": "CNY"}, "count": 1}
    for method, path in _operations():
        if method == "GET" or "shop" in path:
            continue
        base = usual if path == "/packets" else {}
        bodies = [base | {name: odd} for name in names for odd in ODD_JSON]
        for n, one in enumerate(_paths(at, path)):
            some = bodies[::4] if path == "/packets" else bodies[n % 61 :: 61]
            for body in (base, ODD_JSON[n % len(ODD_JSON)], *some):
                ben.send(method, one, body)
    assert ben.failed == []
    _assert_nobody_counts_twice()
    _assert_sound()


def test_a_merchant_s_program_sends_odd_terms_and_no_draft_is_half_made(at: Town) -> None:
    owner, count = Caller(at.owner), Campaign.objects.count()
    path, made = f"/shops/{at.shop.pk}/campaigns", 0
    for code, terms in at.terms.items():
        ids = {*mechanic(code).terms.coupon_fields, *mechanic(code).terms.variant_fields}
        told = {key: str(value) if key in ids else value for key, value in terms.items()}
        body = {"mechanic": code, "title": "A", "terms": told}
        body |= {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-06-01T00:00:00Z"}
        names = [one.name for one in mechanic(code).terms.asked()]
        bodies = [body]
        for n, name in enumerate([*names, "extra"]):
            odd = ODD_JSON[(n * 5 + len(code)) % len(ODD_JSON)]
            bodies += [body | {"terms": told | {name: odd}}]
        for n, name in enumerate([*body, "budget", "plays", "drive", "market", "about"]):
            bodies += [body | {name: ODD_JSON[(n * 4 + len(code)) % len(ODD_JSON)]}]
        made += sum(owner.send("POST", path, one) == 201 for one in bodies)
    assert owner.failed == []
    assert Campaign.objects.count() == count + made
    for one in at.drafts.values():
        for act in ("resume", "pause", "end"):
            assert owner.send("POST", f"/shop-campaigns/{one.pk}/{act}", None) == 409
        owner.send("POST", f"/shop-campaigns/{one.pk}/publish", None)
        owner.send("GET", f"/campaigns/{one.code}", None)
    assert owner.failed == []
    _assert_sound()
