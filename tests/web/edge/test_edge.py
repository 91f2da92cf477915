"""The edge as a WSGI callable: what is answered, what is written, what is left to Django."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, close_old_connections, connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from banyan.catalog.models import Product
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import Node
from banyan.kernel.nodes import LEASE, NoNodeFreeError
from banyan.sharing import actions, ports
from banyan.sharing.models import Link, Touch
from banyan.sharing.ports import TargetCard
from banyan.sharing.queries import Reach, Scope, attribute, reach
from banyan.sharing.spool import SpoolWriter, load_once
from banyan.sharing.visitors import CONSENT_COOKIE, VISITOR_COOKIE, read_visitor
from banyan.web.edge import ids, links
from banyan.web.edge.app import Edge
from banyan.web.edge.options import Options
from tests.support import factories as make

from .calls import PHONE, WECHAT, call

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def django() -> WSGIHandler:
    return get_wsgi_application()


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Django's handler would close the connection that carries the test's transaction."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.fixture
def link() -> Link:
    return actions.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=make.product().pk,
        via=None,
    )


@pytest.fixture
def edge(django: WSGIHandler, tmp_path: Path) -> Iterator[Edge]:
    made = Edge(django, directory=tmp_path, options=Options(edge_rate=1000))
    yield made
    made.close()


def touches(tmp_path: Path) -> list[Touch]:
    load_once(tmp_path)
    return list(Touch.objects.order_by("id"))


def test_an_opened_link_is_written_and_leads_on_with_code_and_touch(
    edge: Edge, link: Link, tmp_path: Path
) -> None:
    answer = call(edge, f"/s/{link.code}")

    card = ports.card("product", link.target_id)
    assert card is not None
    (touch,) = touches(tmp_path)
    assert answer.status == 302
    assert answer.header("location") == f"{card.url}?via={link.code}&t={touch.pk}"
    assert answer.header("cache-control") == "no-store"
    assert answer.touch == touch.pk
    assert (touch.link_id, touch.channel, touch.verdict) == (link.pk, "web", "unknown")
    assert touch.visitor == read_visitor(answer.cookies[VISITOR_COOKIE].value)
    assert abs((touch.at - clock.now()).total_seconds()) < 60


def test_the_same_browser_stays_one_visitor(edge: Edge, link: Link, tmp_path: Path) -> None:
    first = call(edge, f"/s/{link.code}")
    jar = f"x=1; {VISITOR_COOKIE}={first.cookies[VISITOR_COOKIE].value}; y=2"
    second = call(edge, f"/s/{link.code}", HTTP_COOKIE=jar)
    forged = call(edge, f"/s/{link.code}", HTTP_COOKIE=f"{VISITOR_COOKIE}=forged.forged")

    assert VISITOR_COOKIE not in second.cookies
    assert VISITOR_COOKIE in forged.cookies
    visitors = [touch.visitor for touch in touches(tmp_path)]
    assert visitors[0] == visitors[1] != visitors[2]


def test_with_an_emptied_cookie_jar_credit_still_travels_in_the_address(
    edge: Edge, link: Link, tmp_path: Path
) -> None:
    answer = call(edge, f"/s/{link.code}", agent=WECHAT)
    touches(tmp_path)
    item = Product.objects.get(pk=link.target_id)

    found = attribute(
        visitor=None,
        account_id=None,
        via_code=link.code,
        product_id=item.pk,
        shop_id=item.shop_id,
        at=clock.now(),
        touch_id=answer.touch,
    )

    assert found is not None
    assert (found.link, found.touch_id) == (link, answer.touch)


def test_the_app_is_noted_and_leads_to_the_same_address(
    edge: Edge, link: Link, tmp_path: Path
) -> None:
    in_wechat = call(edge, f"/s/{link.code}", agent=WECHAT)
    elsewhere = call(edge, f"/s/{link.code}")

    assert [touch.channel for touch in touches(tmp_path)] == ["wechat", "web"]
    addresses = {a.header("location").partition("&t=")[0] for a in (in_wechat, elsewhere)}
    assert len(addresses) == 1


@pytest.mark.parametrize(
    ("method", "agent", "extra", "verdict"),
    [
        ("HEAD", PHONE, {}, "preview"),
        ("GET", "facebookexternalhit/1.1", {}, "preview"),
        ("GET", "Googlebot/2.1", {}, "bot"),
        ("HEAD", "Googlebot/2.1", {}, "bot"),
        ("GET", "", {}, "bot"),
        ("GET", PHONE, {"HTTP_SEC_PURPOSE": "prefetch;prerender"}, "prefetch"),
        ("GET", PHONE, {"HTTP_PURPOSE": "prefetch"}, "prefetch"),
    ],
)
def test_robots_are_led_on_written_apart_and_get_no_name(
    edge: Edge,
    link: Link,
    tmp_path: Path,
    method: str,
    agent: str,
    extra: dict[str, str],
    verdict: str,
) -> None:
    answer = call(edge, f"/s/{link.code}", method=method, agent=agent, **extra)

    assert (answer.status, answer.body, dict(answer.cookies)) == (302, b"", {})
    (touch,) = touches(tmp_path)
    assert (touch.verdict, touch.visitor) == (verdict, "")
    assert reach(Scope.link(link.pk)) == Reach(robots=1)


@pytest.mark.parametrize(
    ("mode", "consent", "kept"),
    [
        ("none", "", True),
        ("notice", "", True),
        ("notice", "no", False),
        ("opt_in", "", False),
        ("opt_in", "yes", True),
    ],
)
def test_no_persistent_name_without_the_consent_a_market_asks_for(
    edge: Edge, link: Link, tmp_path: Path, mode: str, consent: str, kept: bool
) -> None:
    with override_settings(CONSENT_MODE="none"):
        known = call(edge, f"/s/{link.code}").cookies[VISITOR_COOKIE].value
    for jar in (
        f"{CONSENT_COOKIE}={consent}",
        f"{CONSENT_COOKIE}={consent}; {VISITOR_COOKIE}={known}",
    ):
        with override_settings(CONSENT_MODE=mode):
            answer = call(edge, f"/s/{link.code}", HTTP_COOKIE=jar)
        assert answer.status == 302
        assert link.code in answer.header("location")
        assert (VISITOR_COOKIE in answer.cookies) is (kept and VISITOR_COOKIE not in jar)

    _, fresh, old = touches(tmp_path)
    assert (bool(fresh.visitor), bool(old.visitor)) == (kept, kept)


def test_two_devices_of_one_member_are_one_person(edge: Edge, link: Link, tmp_path: Path) -> None:
    phone, laptop = (call(edge, f"/s/{link.code}").cookies[VISITOR_COOKIE].value for _ in "ab")
    assert len(touches(tmp_path)) == 2
    assert reach(Scope.link(link.pk)).opened == 2

    ben = make.member()
    for value in (phone, laptop):
        actions.claim_touches(actor=make.actor(ben), visitor=read_visitor(value), account_id=ben.pk)

    assert reach(Scope.link(link.pk)).opened == 1


def test_the_owner_opening_their_own_link_is_apart(edge: Edge, link: Link, tmp_path: Path) -> None:
    value = call(edge, f"/s/{link.code}").cookies[VISITOR_COOKIE].value
    actions.claim_touches(
        actor=Actor.system("test"), visitor=read_visitor(value), account_id=link.owner_id
    )
    call(edge, f"/s/{link.code}", HTTP_COOKIE=f"{VISITOR_COOKIE}={value}")
    touches(tmp_path)

    assert reach(Scope.link(link.pk)) == Reach(own=2)


def test_unknown_and_revoked_codes_are_djangos_404_and_no_touch(
    edge: Edge, link: Link, tmp_path: Path
) -> None:
    actions.revoke(actor=Actor.system("test"), link_id=link.pk)

    for path in (f"/s/{link.code}", "/s/abcdefghjkm", "/s/", "/s/a/b", "/s/%00", "/s/" + "a" * 30):
        answer = call(edge, path)
        assert answer.status == 404, path
        assert b"<html" in answer.body
    assert touches(tmp_path) == []


def test_a_target_that_nobody_may_see_any_more_is_a_404(edge: Edge, link: Link) -> None:
    Product.objects.update(state="archived")

    assert call(edge, f"/s/{link.code}").status == 404


def test_a_known_link_costs_no_query_and_a_revocation_works_within_five_seconds(
    edge: Edge, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("banyan.web.edge.links.time.monotonic", lambda: now)
    call(edge, f"/s/{link.code}")
    with CaptureQueriesContext(connection) as seen:
        assert call(edge, f"/s/{link.code}").status == 302
    assert len(seen) == 0

    actions.revoke(actor=Actor.system("test"), link_id=link.pk)
    now += 5

    assert call(edge, f"/s/{link.code}").status == 404


def test_unknown_codes_are_remembered_as_such(edge: Edge) -> None:
    cache = edge._links
    assert cache.get("abcdefghjkm") is None
    with CaptureQueriesContext(connection) as seen:
        assert cache.get("abcdefghjkm") is None
    assert len(seen) == 0


def test_what_is_remembered_is_bounded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_MOST", 10)
    monkeypatch.setattr("banyan.web.edge.app._MOST_AGENTS", 10)
    for number in range(50):
        assert edge._links.get(f"unknown{number}") is None
        edge._judge({"HTTP_USER_AGENT": f"agent {number}", "REQUEST_METHOD": "GET"})

    assert len(edge._links._unknown) <= 10
    assert len(edge._agents) <= 10


def test_an_address_with_query_and_fragment_keeps_both(
    edge: Edge, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = TargetCard(url="/商店/x?size=m#reviews", title="x")
    monkeypatch.setitem(ports._resolvers, "product", lambda pks: dict.fromkeys(pks, card))

    answer = call(edge, f"/s/{link.code}")

    assert answer.header("location") == (
        f"/%E5%95%86%E5%BA%97/x?size=m&via={link.code}&t={answer.touch}#reviews"
    )


def test_hosts_that_are_not_ours_are_refused(edge: Edge, link: Link, tmp_path: Path) -> None:
    with override_settings(ALLOWED_HOSTS=["shop.example", ".banyan.example"]):
        for host in ("evil.example", "", "shop.example.evil.example", "a b"):
            assert call(edge, f"/s/{link.code}", HTTP_HOST=host).status == 400
        for host in ("shop.example", "shop.example:8000", "m.banyan.example"):
            assert call(edge, f"/s/{link.code}", HTTP_HOST=host).status == 302

    assert len(touches(tmp_path)) == 3


def test_the_scheme_is_the_trusted_proxys(edge: Edge, link: Link) -> None:
    def cookie(**extra: str) -> bool:
        answer = call(edge, f"/s/{link.code}", **extra)
        return bool(answer.cookies[VISITOR_COOKIE]["secure"])

    assert not cookie()
    assert cookie(**{"wsgi.url_scheme": "https"})
    assert not cookie(HTTP_X_FORWARDED_PROTO="https")
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        assert cookie(HTTP_X_FORWARDED_PROTO="https")
        assert not cookie(HTTP_X_FORWARDED_PROTO="http")


def test_plain_http_goes_to_https_before_anything_is_written(link: Link, tmp_path: Path) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        edge = Edge(get_wsgi_application(), directory=tmp_path)
        answer = call(edge, f"/s/{link.code}")

    assert answer.status == 301
    assert answer.header("location") == f"https://testserver/s/{link.code}"
    assert touches(tmp_path) == []


def test_one_address_that_opens_too_much_is_told_to_wait(
    django: WSGIHandler, link: Link, tmp_path: Path
) -> None:
    edge = Edge(django, directory=tmp_path, options=Options(edge_rate=1))
    statuses = [call(edge, f"/s/{link.code}").status for _ in range(12)]
    other = call(edge, f"/s/{link.code}", REMOTE_ADDR="192.0.2.2")
    refused = call(edge, f"/s/{link.code}", HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")
    edge.close()

    assert statuses == [302] * 10 + [429] * 2
    assert other.status == 302
    assert refused.header("retry-after") == "10"
    assert b'lang="zh-hans"' in refused.body
    assert len(touches(tmp_path)) == 11


def test_behind_a_proxy_the_last_hop_is_the_client(
    django: WSGIHandler, link: Link, tmp_path: Path
) -> None:
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        edge = Edge(django, directory=tmp_path, options=Options(edge_rate=1))

        def status(forwarded: str) -> int:
            return call(edge, f"/s/{link.code}", HTTP_X_FORWARDED_FOR=forwarded).status

        assert {status(f"10.0.0.{n}, 192.0.2.7") for n in range(10)} == {302}
        assert status("10.9.9.9, 192.0.2.7") == 429
        assert status("192.0.2.8") == 302
        assert {status(f"2001:db8:1:2::{n}") for n in range(10)} == {302}
        assert status("2001:db8:1:2::ffff") == 429
    edge.close()


def test_a_full_disk_is_a_503_and_never_an_uncounted_answer(
    edge: Edge, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: SpoolWriter, line: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(SpoolWriter, "append", full)
    answer = call(edge, f"/s/{link.code}")

    assert answer.status == 503
    assert answer.header("retry-after") == "5"
    assert not answer.header("location")
    assert answer.header("cache-control") == "no-store"


def test_a_spool_that_cannot_be_opened_is_a_503(
    django: WSGIHandler, link: Link, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    edge = Edge(django, directory=tmp_path / "file" / "spool")

    assert call(edge, f"/s/{link.code}").status == 503


def test_without_a_database_known_links_work_on_and_others_are_503(
    edge: Edge, link: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("banyan.web.edge.links.time.monotonic", lambda: now)
    call(edge, f"/s/{link.code}")

    def gone(code: str) -> None:
        raise OperationalError("no server")

    with monkeypatch.context() as outage:
        outage.setattr(links, "_ask", gone)
        now += 30
        assert call(edge, f"/s/{link.code}").status == 302
        assert call(edge, "/s/abcdefghjkm").status == 503
        now += 60
        assert call(edge, f"/s/{link.code}").status == 503

    assert call(edge, f"/s/{link.code}").status == 302
    assert len(touches(tmp_path)) == 3


def test_a_connection_that_died_with_the_last_restart_is_tried_once_more(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy, failures = links._ask, iter([True])

    def stale(code: str) -> Any:
        if next(failures, False):
            raise OperationalError("server closed the connection unexpectedly")
        return healthy(code)

    monkeypatch.setattr(links, "_ask", stale)
    entry = links.LinkCache().get(link.code)
    assert entry is not None
    assert entry.link_id == link.pk


def test_other_addresses_and_methods_reach_django_untouched(link: Link, tmp_path: Path) -> None:
    asked: list[str] = []

    def inner(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("200 OK", [])
        return [b"inner"]

    edge = Edge(inner, directory=tmp_path)

    for method, path in (
        ("GET", "/"),
        ("GET", "/shop/x"),
        ("GET", "/s"),
        ("POST", f"/s/{link.code}"),
        ("GET", f"/s/{link.code}/x"),
    ):
        assert call(edge, path, method=method).body == b"inner"
    assert len(asked) == 5
    assert touches(tmp_path) == []


def test_a_kind_that_nobody_resolves_stops_the_web_process(
    django: WSGIHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ports._resolvers, "shop")

    with pytest.raises(ImproperlyConfigured, match="shop"):
        Edge(django)


class TestLeasedIds:
    def test_ids_are_made_under_a_leased_number(self) -> None:
        made = ids.LeasedIds()

        node = Node.objects.get()
        assert node.holder.startswith("edge@")
        assert {(made() >> 12) & 1023 for _ in range(100)} == {node.number}

    def test_the_number_is_renewed_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = time.monotonic()
        monkeypatch.setattr("banyan.web.edge.ids.time.monotonic", lambda: now)
        numbers = iter([7, 8])
        made = ids.LeasedIds(lambda purpose: next(numbers))
        first = made()
        now += LEASE.total_seconds() * 0.6

        assert (first >> 12) & 1023 == 7
        assert (made() >> 12) & 1023 == 8

    def test_a_lease_that_cannot_be_renewed_is_used_only_while_it_is_ours(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.monotonic()
        monkeypatch.setattr("banyan.web.edge.ids.time.monotonic", lambda: now)
        free = [7]

        def lease(purpose: str) -> int:
            if not free:
                raise NoNodeFreeError("none")
            return free.pop()

        made = ids.LeasedIds(lease)
        now += LEASE.total_seconds() * 0.6
        assert (made() >> 12) & 1023 == 7
        now += LEASE.total_seconds() * 0.4
        with pytest.raises(ids.LeaseLost):
            made()
        free.append(9)
        now += 120
        assert (made() >> 12) & 1023 == 9
