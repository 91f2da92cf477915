"""What an address in a post leads to: fetched by a job, from public places only, as plain text."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.community import actions as community
from banyan.community import queries
from banyan.community.actions import previews
from banyan.community.linkcards import card_of
from banyan.community.models import LinkPreview
from banyan.media import fetching
from banyan.media.fetching import NotFetched, fetch_page
from tests.community.posts import post
from tests.media.pictures_host import Host, serve
from tests.support.factories import actor, member

PUBLIC = "93.184.216.34"
PAGE = (
    b"<html><head><title>Plain</title><meta property='og:title' content='A &lt;b&gt;cup&lt;/b&gt;'>"
    b"<meta name=description content='Line\none \xe2\x80\xaetwo'></head><body>"
    b"<meta property='og:title' content='Late'><script>alert(1)</script></body></html>"
)


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    """Serve on this machine, under the one name that is allowed."""
    with serve() as running:
        settings.FETCH_ALLOWED_HOSTS = [running.authority]
        running.bodies["/page"] = PAGE
        running.kinds["/page"] = "text/html; charset=utf-8"
        yield running


def preview(url: str) -> LinkPreview:
    post(member(), body=f"Look at {url}.")
    community.fetch_previews()
    return LinkPreview.objects.get(url=url)


@pytest.mark.django_db
def test_a_page_is_told_as_plain_text_and_asked_for_once(host: Host) -> None:
    found = preview(host.url("/page"))
    assert (found.state, found.site) == (1, "localhost")
    assert found.title == "A <b>cup</b>"
    assert found.description == "Line one two"
    made = post(member(), body=f"again {host.url('/page')}")
    assert community.fetch_previews() == 0
    assert host.asked == ["/page"]
    assert queries.preview_of(made) == found


@pytest.mark.django_db
def test_hosts_that_let_us_wait_end_a_run_and_the_next_one_goes_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2):
        host.bodies[f"/page{n}"], host.kinds[f"/page{n}"] = PAGE, "text/html"
        post(member(), body=f"Look at {host.url(f'/page{n}')}.")
    ticks = iter([0.0, 0.0, 10.0, 20.0, 20.0])
    monkeypatch.setattr(previews, "monotonic", lambda: next(ticks), raising=False)
    assert community.fetch_previews() == 1
    assert host.asked == ["/page0"]
    assert community.fetch_previews() == 1
    assert host.asked == ["/page0", "/page1"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "kind"), [("/picture", "image/png"), ("/none", "text/html"), ("/untold", "")]
)
def test_what_is_no_page_has_no_preview(host: Host, path: str, kind: str) -> None:
    if path != "/none":
        host.bodies[path] = PAGE
    host.kinds[path] = kind
    found = preview(host.url(path))
    assert (found.state, found.title) == (2, "")
    assert queries.preview_of(post(member(), body=host.url(path))) is None


def test_only_the_start_of_a_page_is_read(host: Host) -> None:
    host.endless.add("/endless")
    host.kinds["/endless"] = "text/html"
    assert len(fetch_page(host.url("/endless"))) == fetching.PAGE_BYTES


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0x7f.1/",
    ],
)
def test_a_place_that_is_not_public_is_never_connected_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_the_database(url))
    with pytest.raises(NotFetched) as caught:
        fetch_page(url)
    assert caught.value.code in {"fetch_private", "fetch_address"}


def _only_the_database(url: str) -> Any:
    def connect(*_args: Any) -> None:
        pytest.fail(f"{url} was connected to")

    return connect


def test_a_redirect_to_a_private_place_is_not_followed(host: Host) -> None:
    host.moves["/away"] = "http://10.0.0.1/"
    host.moves["/inside"] = "http://169.254.169.254/latest/meta-data/"
    for path in ("/away", "/inside"):
        with pytest.raises(NotFetched) as caught:
            fetch_page(host.url(path))
        assert caught.value.code == "fetch_private"
    for n in range(5):
        host.moves[f"/round{n}"] = host.url(f"/round{(n + 1) % 5}")
    with pytest.raises(NotFetched) as caught:
        fetch_page(host.url("/round0"))
    assert caught.value.code == "fetch_redirects"


def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was judged; no second look-up is made."""
    answers, asked, connected = [PUBLIC, "127.0.0.1"], [], []

    def look_up(name: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        asked.append(name)
        row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))
        return [row]

    def connect(_self: socket.socket, place: Any) -> None:
        connected.append(place[0])
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(NotFetched):
        fetch_page("http://rebinding.example/")
    assert (asked, connected) == (["rebinding.example"], [PUBLIC])


@pytest.mark.django_db
def test_a_passing_failure_is_tried_again_a_few_times(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.statuses["/page"] = [503, 503]
    post(member(), body=host.url("/page"))
    states = []
    for _ in range(3):
        community.fetch_previews()
        states.append(LinkPreview.objects.get().state)
    assert states == [0, 0, 1]


@pytest.mark.django_db
def test_an_edit_changes_or_takes_away_the_preview(host: Host) -> None:
    ana = member()
    made = post(ana, body=host.url("/page"))
    community.fetch_previews()
    community.edit_post(actor=actor(ana), post_id=made.pk, title="", body="no address")
    made.refresh_from_db()
    assert made.preview_id is None


@pytest.mark.parametrize("piece", [b"<a ", b"<a/", b"<a b", b"<a x='"])
def test_a_page_of_unfinished_tags_is_read_in_no_time(piece: bytes) -> None:
    """Somebody's page must not keep the worker, which does everything else as well."""
    page = b"<title>Cups</title>" + piece * (32 * 1024 // len(piece))
    began = time.process_time()
    card = card_of(page, "https://example.com/a")
    assert time.process_time() - began < 1
    assert card is not None
    assert card.title == "Cups"


@given(st.binary(max_size=400))
def test_any_bytes_make_a_card_or_none_and_never_markup_of_ours(data: bytes) -> None:
    card = card_of(b"<title>x" + data, "https://example.com/a")
    assert card is not None
    assert len(card.title) <= 200
    assert "\n" not in card.title
    assert card.site == "example.com"
