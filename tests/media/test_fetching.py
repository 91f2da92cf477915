"""Whom the fetcher of pictures asks, and whom it does not, whatever a file says."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from banyan.media import fetching
from banyan.media.fetching import NotFetched, fetch, is_public, target_of

from .pictures_host import Host, certificate, serve

PUBLIC = "93.184.216.34"


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    """Serve on this machine, under the one name that is allowed."""
    with serve() as running:
        settings.FETCH_ALLOWED_HOSTS = [running.authority]
        yield running


def refusal(url: str) -> str:
    with pytest.raises(NotFetched) as caught:
        fetch(url)
    return caught.value.code


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://pictures.example/a.jpg",
        "gopher://pictures.example/a",
        "//pictures.example/a.jpg",
        "a.jpg",
        "http://",
        "http:///a.jpg",
        "http://user@pictures.example/a.jpg",
        "http://user:word@pictures.example/a.jpg",
        "http://pictures.example@127.0.0.1/a.jpg",
        "http://@pictures.example/a.jpg",
        "http://pictures.example:8080/a.jpg",
        "http://pictures.example:22/a.jpg",
        "http://pictures.example:443/a.jpg",
        "http://pictures.example:0/a.jpg",
        "http://pictures.example:99999/a.jpg",
        "http://pictures.example:x/a.jpg",
        "http://[::1/a.jpg",
        "http://pictures.example\\@127.0.0.1/a.jpg",
        "http://pictures.example/a\r\nHost: inner",
        "http://pictures.example/\x00",
        "http://" + "a" * 70 + ".example/",
    ],
)
def test_an_address_of_another_form_is_refused_before_anybody_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("was looked up"))
    assert refusal(url) == "fetch_address"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.jpg",
        "http://2130706433/a.jpg",
        "http://0x7f000001/a.jpg",
        "http://0x7f.1/a.jpg",
        "http://0177.0.0.1/a.jpg",
        "http://127.1/a.jpg",
        "http://0.0.0.0/a.jpg",
        "http://localhost/a.jpg",
        "http://LOCALHOST./a.jpg",
        "https://localhost/a.jpg",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://240.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[ff02::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://\uff11\uff12\uff17.0.0.1/",
    ],
)
def test_a_host_that_is_not_public_is_never_connected_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *a: pytest.fail("was connected to"))
    assert refusal(url) == "fetch_private"


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_a_name_is_private_when_any_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [_row(PUBLIC), _row("10.1.2.3")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: rows)
    monkeypatch.setattr(socket.socket, "connect", lambda *a: pytest.fail("was connected to"))
    assert refusal("http://pictures.example/a.jpg") == "fetch_private"


def _row(address: str) -> Any:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))


@pytest.fixture
def rebinding(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Have names resolve to a public address first and to this machine from then on.

    Yields the addresses that were connected to; none of them answers.
    """
    answers = [PUBLIC]
    connected: list[Any] = []

    def look_up(*args: Any, **options: Any) -> list[Any]:
        return [_row(answers.pop() if answers else "127.0.0.1")]

    def connect(self: socket.socket, place: Any) -> None:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return connected


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(rebinding: list[Any]) -> None:
    assert refusal("http://pictures.example/a.jpg") == "fetch_unreachable"
    assert rebinding == [(PUBLIC, 80)]


def test_looking_up_again_would_have_led_to_this_machine(rebinding: list[Any]) -> None:
    """The control: judging first and connecting by name is what the attack is made for."""
    assert is_public(str(socket.getaddrinfo("pictures.example", 80)[0][4][0]))
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("pictures.example", 80).request("GET", "/")
    assert rebinding == [("127.0.0.1", 80)]


def test_a_name_without_an_address_and_one_that_is_unknown_for_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, passing in ((socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)):

        def fail(*args: Any, number: int = number, **options: Any) -> Any:
            raise socket.gaierror(number, "no")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        with pytest.raises(NotFetched) as caught:
            fetch("http://pictures.example/a.jpg")
        assert (caught.value.code, caught.value.passing) == ("fetch_unknown_host", passing)


def test_a_body_is_fetched_and_redirects_are_followed_three_times(host: Host) -> None:
    host.bodies["/a b.jpg"] = b"body"
    host.moves |= {"/1": "/2", "/2": f"http://{host.authority}/3", "/3": "/a b.jpg", "/0": "/1"}
    assert fetch(host.url("/a b.jpg")) == b"body"
    assert fetch(host.url("/a%20b.jpg")) == b"body"
    assert fetch(host.url("/1")) == b"body"
    assert refusal(host.url("/0")) == "fetch_redirects"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("http://127.0.0.1/inner", "fetch_private"),
        ("http://169.254.169.254/latest/meta-data/", "fetch_private"),
        ("http://[::1]/", "fetch_private"),
        ("file:///etc/passwd", "fetch_address"),
        ("http://user@localhost/", "fetch_address"),
        ("http://[", "fetch_address"),
    ],
)
def test_a_redirect_is_judged_like_the_first_address(host: Host, place: str, code: str) -> None:
    host.moves["/a.jpg"] = place
    assert refusal(host.url("/a.jpg")) == code
    # Nor does another port of the allowed host count as allowed.
    host.moves["/a.jpg"] = f"http://localhost:{host.port + 1}/"
    assert refusal(host.url("/a.jpg")) == "fetch_address"


def test_what_is_not_allowed_by_name_is_not_served_from_this_machine(
    host: Host, settings: Any
) -> None:
    host.bodies["/a.jpg"] = b"body"
    settings.FETCH_ALLOWED_HOSTS = []
    assert refusal(host.url("/a.jpg")) == "fetch_address"
    assert host.asked == []


def test_a_body_that_is_too_large_is_left_off(host: Host, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 100_000
    host.bodies["/fits.jpg"] = b"x" * 100_000
    host.bodies["/large.jpg"] = b"x" * 100_001
    host.endless.add("/endless.jpg")
    assert len(fetch(host.url("/fits.jpg"))) == 100_000
    assert refusal(host.url("/large.jpg")) == "upload_too_large"
    assert refusal(host.url("/endless.jpg")) == "upload_too_large"


def test_a_body_that_ends_early_is_no_body(host: Host) -> None:
    host.cut_off.add("/a.jpg")
    assert refusal(host.url("/a.jpg")) == "fetch_cut_off"


@pytest.mark.parametrize(("status", "passing"), [(404, False), (403, False), (503, True)])
def test_other_answers_are_told_by_their_number(host: Host, status: int, passing: bool) -> None:
    host.statuses["/a.jpg"] = [status]
    with pytest.raises(NotFetched) as caught:
        fetch(host.url("/a.jpg"))
    assert (caught.value.code, caught.value.passing) == (f"fetch_status_{status}", passing)


@pytest.mark.parametrize("path", ["/silent", "/drip", "/dripping-body"])
def test_ten_seconds_are_for_all_of_it(
    host: Host, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 1.0)
    with pytest.raises(NotFetched) as caught:
        fetch(host.url(path))
    assert (caught.value.code, caught.value.passing) == ("fetch_timeout", True)


@pytest.mark.parametrize(
    ("name", "trusted", "code"),
    [
        ("localhost", True, ""),
        ("localhost", False, "fetch_certificate"),
        ("elsewhere.example", True, "fetch_certificate"),
    ],
)
def test_a_certificate_must_be_trusted_and_be_that_of_the_host(
    name: str,
    trusted: bool,
    code: str,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = certificate(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with serve(context) as host:
        settings.FETCH_ALLOWED_HOSTS = [host.authority]
        host.bodies["/a.jpg"] = b"body"
        url = f"https://{host.authority}/a.jpg"
        if code:
            assert refusal(url) == code
            assert host.asked == []
        else:
            assert fetch(url) == b"body"


def test_something_else_than_tls_is_not_spoken_to(host: Host) -> None:
    assert refusal(f"https://{host.authority}/a.jpg") == "fetch_unreachable"


def test_an_address_keeps_its_query_and_loses_its_fragment() -> None:
    target = target_of(" HTTPS://Bücher.example/a b?v=1&w=ü#part ")
    assert (target.scheme, target.host, target.port) == ("https", "xn--bcher-kva.example", 443)
    assert target.path == "/a%20b?v=1&w=%C3%BC"
    assert target.authority == "xn--bcher-kva.example"
