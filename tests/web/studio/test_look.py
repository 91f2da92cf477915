"""Cover and logo: chosen in the settings, shown wherever the shop is met, and taken away again."""

from __future__ import annotations

import io

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from banyan.catalog.models import Shop
from banyan.media.queries import thumb_urls
from banyan.sharing import ports
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def save(shop: Shop, **fields: object) -> int:
    """Send the form of the settings as the owner; return the status and read the shop again."""
    answer = client(shop.owner).post(
        reverse("studio_settings", args=[shop.slug]), {"form": "look", **fields}
    )
    shop.refresh_from_db()
    return answer.status_code


def picture_file(size: tuple[int, int] = (1200, 450)) -> SimpleUploadedFile:
    data = io.BytesIO()
    PIL.Image.new("RGB", size, (20, 90, 60)).save(data, "JPEG")
    return SimpleUploadedFile("cover.jpg", data.getvalue(), "image/jpeg")


def look(shop: Shop) -> tuple[int | None, int | None]:
    return shop.cover_id, shop.logo_id


def seen(url: str) -> str:
    return client().get(url).content.decode()


def test_a_logo_is_shown_at_the_shop_and_wherever_shops_are_listed() -> None:
    shop = make.product().shop
    at = reverse("shop", args=[shop.slug])
    places = (
        at,
        reverse("explore"),
        f"{reverse('explore')}?q={shop.name.replace(' ', '+')}",
        reverse("profile", args=[shop.owner.handle]),
    )
    assert save(shop, logo=staged_picture(make.actor(shop.owner))) == 302
    assert shop.logo_id is not None
    assert shop.cover_id is None
    logo = thumb_urls([shop.logo_id])[shop.logo_id or 0]
    for place in places:
        assert logo in seen(place), place
    make.shop(shop.owner)
    assert logo in client(shop.owner).get(reverse("studio_home")).content.decode()
    shared = ports.card("shop", shop.pk)
    assert shared is not None
    assert shared.image, "a shop without a cover is shared with its logo"


def test_a_shop_without_a_logo_has_its_letters_and_no_broken_picture() -> None:
    shop = make.shop(name="Quiet Corner")
    text = seen(reverse("shop", args=[shop.slug]))
    assert ">QC<" in text
    assert 'src=""' not in text


def test_a_browser_without_script_sends_the_files_along() -> None:
    shop = make.shop()
    assert save(shop, cover_files=picture_file()) == 302
    assert shop.cover_id is not None


def test_what_is_not_chosen_stays_and_what_is_ticked_goes() -> None:
    shop = make.shop()
    who = make.actor(shop.owner)
    save(shop, cover=staged_picture(who, (1, 2, 3)), logo=staged_picture(who, (9, 9, 9)))
    cover, logo = shop.cover_id, shop.logo_id
    assert save(shop) == 302
    assert look(shop) == (cover, logo)
    assert save(shop, remove_cover="1") == 302
    assert look(shop) == (None, logo)


def test_a_refused_picture_changes_nothing_and_keeps_the_other() -> None:
    shop = make.shop()
    token = staged_picture(make.actor(shop.owner))
    broken = SimpleUploadedFile("notes.txt", b"no picture", "text/plain")
    answer = client(shop.owner).post(
        reverse("studio_settings", args=[shop.slug]),
        {"form": "look", "logo": token, "cover_files": broken},
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert token in text, "what was staged need not be chosen again"
    assert "notes.txt" in text
    shop.refresh_from_db()
    assert look(shop) == (None, None)


def test_only_managers_dress_a_shop_and_only_with_their_own_pictures() -> None:
    shop, stranger = make.shop(), make.member()
    token = staged_picture(make.actor(stranger))
    url = reverse("studio_settings", args=[shop.slug])
    assert client(stranger).post(url, {"form": "look", "logo": token}).status_code == 404
    assert save(shop, logo=token) == 422
    assert shop.logo_id is None
