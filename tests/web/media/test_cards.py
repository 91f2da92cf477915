"""A share's QR code, poster and preview cards."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import zxingcpp
from django.test import Client
from PIL import Image as Pil
from pytest_django import Settings

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.media import posters, queries, store
from banyan.media.actions import intake
from banyan.media.models import Image
from banyan.people.models import Account
from banyan.sharing import ports
from banyan.sharing.models import Link
from banyan.sharing.ports import TargetCard
from banyan.web.media import cards
from tests.media.samples import jpeg
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.media.urls")]
CODE = "abcDEFGH234567"


@pytest.fixture
def shown() -> Iterator[dict[int, TargetCard]]:
    """Return what products look like; a product that is not in it cannot be seen."""
    known: dict[int, TargetCard] = {}
    before = ports._resolvers["product"]
    ports.register_target(
        "product", lambda ids: {target: known[target] for target in ids if target in known}
    )
    yield known
    ports.register_target("product", before)


@pytest.fixture
def link(shown: dict[int, TargetCard]) -> Link:
    """Return Ana's link to a teapot."""
    ana = factories.member("ana")
    who = Actor(kind="member", id=ana.pk)
    image = intake(actor=who, data=jpeg(), filename="tea.jpg")
    Account.objects.filter(pk=ana.pk).update(
        avatar=intake(actor=who, data=jpeg(300, 300, 2), filename="me.jpg")
    )
    src = queries.pictures([image.pk])[image.pk]["src"]
    shown[5] = TargetCard(url="/p/5", title="A teapot 茶壶", image=src, price="€12.00")
    return Link.objects.create(
        code=CODE, owner=ana, target_kind="product", target_id=5, created_at=clock.now()
    )


def picture(client: Client, url: str) -> Pil.Image:
    """Fetch a picture."""
    answer = client.get(url)
    assert answer.status_code == 200
    assert "max-age" in answer["Cache-Control"]
    return Pil.open(io.BytesIO(answer.content))


def test_the_code_leads_to_the_share_link(client: Client, link: Link) -> None:
    image = picture(client, f"/qr/{CODE}.png")
    assert (image.format, image.width >= 480) == ("PNG", True)
    [code] = zxingcpp.read_barcodes(image.convert("RGB"))
    assert code.text == f"http://testserver/s/{CODE}"


def test_the_public_address_counts_more_than_the_browsers(
    client: Client, link: Link, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://banyan.example.com"
    for url in (f"/qr/{CODE}.png", f"/share/{CODE}/poster.jpg"):
        [code] = zxingcpp.read_barcodes(picture(client, url).convert("RGB"))
        assert code.text == f"https://banyan.example.com/s/{CODE}"


def test_the_poster_shows_the_share_and_its_code_scans(client: Client, link: Link) -> None:
    image = picture(client, f"/share/{CODE}/poster.jpg")
    assert (image.format, image.size) == ("JPEG", (750, 1334))
    [code] = zxingcpp.read_barcodes(image.convert("RGB"))
    assert code.text == f"http://testserver/s/{CODE}"


@pytest.mark.parametrize(("shape", "size"), [("card", (1200, 630)), ("square", (400, 400))])
def test_preview_cards_have_their_sizes(
    client: Client, link: Link, shape: str, size: tuple[int, int]
) -> None:
    answer = client.get(f"/share/{CODE}/{shape}.jpg")
    assert Pil.open(io.BytesIO(answer.content)).size == size
    assert len(answer.content) < 300 * 1024


def test_all_that_is_known_of_the_share_reaches_the_poster(
    client: Client, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[posters.Share] = []

    def draw(share: posters.Share) -> bytes:
        drawn.append(share)
        return b"jpeg"

    monkeypatch.setattr(posters, "draw_poster", draw)
    client.get(f"/share/{CODE}/poster.jpg")
    [share] = drawn
    assert (share.title, share.price, share.sharer) == ("A teapot 茶壶", "€12.00", "Ana")
    assert share.picture is not None
    assert min(share.picture.size) >= 690
    assert share.face is not None
    assert "earn" not in repr(share).lower()


def test_a_poster_is_drawn_once_and_anew_when_the_price_changes(
    client: Client,
    link: Link,
    shown: dict[int, TargetCard],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = client.get(f"/share/{CODE}/poster.jpg").content
    real = posters.draw_poster
    drawn: list[str] = []

    def draw(share: posters.Share) -> bytes:
        drawn.append(share.price)
        return real(share)

    monkeypatch.setattr(posters, "draw_poster", draw)
    assert client.get(f"/share/{CODE}/poster.jpg").content == first
    assert drawn == []
    shown[5] = TargetCard(url="/p/5", title="A teapot", price="€9.00")
    assert client.get(f"/share/{CODE}/poster.jpg").content != first
    assert drawn == ["€9.00"]


def test_a_lost_original_leaves_a_poster_without_a_picture(client: Client, link: Link) -> None:
    for image in Image.objects.all():
        store.private().delete(image.original)
    assert client.get(f"/share/{CODE}/poster.jpg").status_code == 200


@pytest.mark.parametrize("path", ["qr/{}.png", "share/{}/poster.jpg", "share/{}/card.jpg"])
def test_unknown_and_revoked_links_have_no_pictures(client: Client, link: Link, path: str) -> None:
    assert client.get("/" + path.format("nothing")).status_code == 404
    assert client.post("/" + path.format(CODE)).status_code == 405
    Link.objects.update(revoked_at=clock.now())
    assert client.get("/" + path.format(CODE)).status_code == 404


def test_what_is_no_longer_for_everybody_to_see_has_no_poster(
    client: Client, link: Link, shown: dict[int, TargetCard]
) -> None:
    assert client.get(f"/share/{CODE}/poster.jpg").status_code == 200
    shown.clear()
    assert client.get(f"/share/{CODE}/poster.jpg").status_code == 404


@pytest.mark.usefixtures("midday")
def test_drawing_over_and_over_has_to_wait(
    client: Client, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "DRAWN_PER_HOUR", 1)
    assert client.get(f"/share/{CODE}/card.jpg").status_code == 200
    assert client.get(f"/share/{CODE}/poster.jpg").status_code == 429
    assert client.get(f"/share/{CODE}/card.jpg").status_code == 200
