"""The picture of a licence is seen by the office and the shop's own people, and by nobody else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.legal.actions import ask_export, make_exports, take_export
from banyan.media import actions as media
from banyan.media import store
from banyan.media.models import Image, StagedUpload
from banyan.media.queries import staged_for
from banyan.standing import actions as standing
from banyan.standing.models import Permit, PermitPicture
from tests.media.conftest import media_folder
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.desk.scene import as_staff

from .scene import client

__all__ = ["media_folder"]
pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture(autouse=True)
def _served_from_there(settings: Settings, media_folder: Path) -> None:
    settings.MEDIA_ROOT = media_folder / "media"


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Any:
    """What files have to wait for."""
    return django_capture_on_commit_callbacks


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def ask(shop: Shop, token: str) -> Permit:
    return standing.ask_permit(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        number="LIC-1",
        holder="Mine",
        picture=token,
    )


def studio_path(shop: Shop, permit: Permit) -> str:
    return f"/studio/{shop.slug}/standing/permit/{permit.pk}/picture"


def desk_path(permit: Permit) -> str:
    return f"/desk/permits/{permit.pk}/picture/"


def media_paths(image: Image) -> list[str]:
    """Return where the files of a picture are served."""
    return [f"/media/{file}" for file in image.renditions.values_list("file", flat=True)]


def staged(shop: Shop) -> tuple[str, Image]:
    """Return the token of a picture whose every rendition is made, and the picture."""
    token = staged_picture(make.actor(shop.owner))
    image = StagedUpload.objects.get(token=token).image
    media.make_renditions(image_id=image.pk)
    return token, image


def served(path: str) -> int:
    return Client().get(path).status_code


def test_the_shops_people_and_the_office_see_it_and_nothing_stores_it(shop: Shop) -> None:
    permit = ask(shop, staged_picture(make.actor(shop.owner)))
    clerk = make.member()
    ShopStaff.objects.create(shop=shop, account=clerk, role="clerk", created_at=clock.now())
    readers = [
        (client(shop.owner), studio_path(shop, permit)),
        (client(clerk), studio_path(shop, permit)),
        (as_staff("moderation"), desk_path(permit)),
    ]

    for browser, path in readers:
        answer = browser.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert "no-store" in answer["Cache-Control"]
        assert answer.content.startswith(b"\xff\xd8\xff")
    page = client(shop.owner).get(f"/studio/{shop.slug}/standing").content.decode()
    assert studio_path(shop, permit) in page
    row = as_staff("moderation").get(f"/desk/permits/{permit.pk}/").content.decode()
    assert desk_path(permit) in row
    assert "/media/" not in row


def test_strangers_other_shops_and_guests_find_nothing(shop: Shop) -> None:
    permit = ask(shop, staged_picture(make.actor(shop.owner)))
    rivals = make.shop()

    for who in (None, make.member(), rivals.owner):
        assert client(who).get(studio_path(shop, permit)).status_code == 404
    assert client(rivals.owner).get(studio_path(rivals, permit)).status_code == 404
    for who in (make.member(), shop.owner):
        assert client(who).get(desk_path(permit)).status_code == 404
    assert Client().get(desk_path(permit))["Location"].startswith("/login?")
    assert as_staff("support").get(desk_path(permit)).status_code == 404


def test_no_address_of_the_media_leads_to_it(shop: Shop, commits: Any) -> None:
    token, image = staged(shop)
    public = media_paths(image)
    assert {served(path) for path in public} == {200}
    [shown] = staged_for(make.actor(shop.owner), [token])
    assert shown["thumb_url"] in public

    with commits(execute=True):
        ask(shop, token)

    assert {served(path) for path in (*public, f"/media/{image.original}")} == {404}
    assert not Image.objects.exists()
    assert not store.private().exists(image.original)
    # A job that was on its way to draw more of it finds nothing to draw.
    assert media.make_renditions(image_id=image.pk) == 0


def test_the_same_picture_that_a_shop_shows_itself_stays_where_it_is(
    shop: Shop, commits: Any
) -> None:
    token, image = staged(shop)
    Shop.objects.filter(pk=shop.pk).update(cover=image)

    with commits(execute=True):
        permit = ask(shop, token)

    assert {served(path) for path in media_paths(image)} == {200}
    shop.refresh_from_db()
    assert shop.cover_id == image.pk
    assert client(shop.owner).get(studio_path(shop, permit)).status_code == 200


def test_a_refused_form_keeps_its_picture(shop: Shop, commits: Any) -> None:
    owner = make.actor(shop.owner)
    ask(shop, staged_picture(owner))
    token = staged_picture(owner, (1, 2, 3))

    with commits(execute=True), pytest.raises(Conflict) as refused:
        ask(shop, token)

    assert refused.value.code == "permit_known"
    [kept] = staged_for(owner, [token])
    assert served(kept["thumb_url"]) == 200


def test_pictures_of_before_are_seen_by_the_same_people_and_leave_the_media(
    shop: Shop, commits: Any
) -> None:
    permits, images = [], []
    for owned in (shop, make.shop()):
        _token, image = staged(owned)
        permit = ask(owned, staged_picture(make.actor(owned.owner), (1, 2, 3)))
        PermitPicture.objects.filter(permit=permit).delete()
        Permit.objects.filter(pk=permit.pk).update(image=image)
        permits.append(permit)
        images.append(image)
    lost = images[1]
    store.private().delete(lost.original)
    assert client(shop.owner).get(studio_path(shop, permits[0])).status_code == 200
    assert as_staff("moderation").get(desk_path(permits[1])).status_code == 404
    public = media_paths(images[0])

    with commits(execute=True):
        assert standing.seal_pictures(actor=SYSTEM) == 1

    assert {served(path) for path in public} == {404}
    assert client(shop.owner).get(studio_path(shop, permits[0])).status_code == 200
    assert client(make.member()).get(studio_path(shop, permits[0])).status_code == 404
    assert list(Image.objects.all()) == [lost], "what cannot be read stays"
    assert standing.seal_pictures(actor=SYSTEM) == 0


def test_an_export_of_the_owners_data_holds_it_as_a_picture(shop: Shop) -> None:
    ask(shop, staged_picture(make.actor(shop.owner)))
    asked = ask_export(actor=make.actor(shop.owner))
    make_exports(actor=SYSTEM)

    data = take_export(actor=make.actor(shop.owner), export_id=asked.pk)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        [name] = [
            each for each in archive.namelist() if "PermitPicture" in each and "files" in each
        ]
        assert name.endswith(".jpg")
        assert archive.read(name).startswith(b"\xff\xd8\xff")
