"""Goods by file through the studio's pages."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, ProductImage, ProductImport, Shop, Variant, WantedPicture
from banyan.kernel.actors import Actor
from tests.catalog.files import CUPS, exported, take_in
from tests.media.pictures_host import serve
from tests.media.samples import jpeg
from tests.support import factories

from .scene import client

pytestmark = pytest.mark.django_db


def _send(browser: Client, shop: Shop, text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile("goods.csv", data, content_type="text/csv")
    return browser.post(reverse("studio_import", args=[shop.slug]), {"file": file})


def _token(answer: Any) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', answer.content.decode())
    assert found is not None
    return found.group(1)


def test_a_file_is_looked_at_and_then_taken_in_without_choosing_it_again() -> None:
    shop = factories.shop()
    browser = client(shop.owner)
    answer = _send(browser, shop, CUPS)
    assert answer.status_code == 302
    look = browser.get(answer["Location"])
    text = look.content.decode()
    assert "Blue cup" in text
    assert "2 new variants" in text
    assert "Variant Barcode" in text
    assert not Product.objects.exists()

    done = browser.post(answer["Location"], {"form_token": _token(look)}, follow=True)
    assert "The file is imported." in done.content.decode()
    assert Product.objects.count() == 2


def test_the_same_form_sent_twice_takes_the_file_in_once() -> None:
    shop = factories.shop()
    browser = client(shop.owner)
    here = _send(browser, shop, CUPS)["Location"]
    form = {"form_token": _token(browser.get(here))}
    browser.post(here, form)
    done_at = ProductImport.objects.get().done_at
    assert browser.post(here, form).status_code == 302
    assert ProductImport.objects.get().done_at == done_at


def test_faults_are_listed_with_line_column_and_advice() -> None:
    shop = factories.shop()
    answer = _send(client(shop.owner), shop, CUPS.replace("20.00", "20.001"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Nothing is imported: 1 cell needs a correction." in text
    assert "20.001" in text
    assert "Write 2 decimals at most." in text
    assert "Import now" not in text
    assert not Product.objects.exists()


def test_many_faults_are_capped() -> None:
    shop = factories.shop()
    rows = "".join(f"cup-{n},Cup,free\n" for n in range(130))
    text = _send(client(shop.owner), shop, f"Handle,Title,Price\n{rows}").content.decode()
    assert text.count("<code>free</code>") == 100
    assert "and 30 more" in text


def test_a_refused_confirmation_keeps_the_file_and_the_tick() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    factories.pay(factories.place((Variant.objects.get(sku="CUP-S"), 3)))
    browser = client(shop.owner)
    here = _send(browser, shop, CUPS.replace("CUP-S,300,5", "CUP-S,300,1"))["Location"]
    form = {"form_token": _token(browser.get(here)), "set_stock": "on"}
    answer = browser.post(here, form)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "3 of these are already sold or reserved." in text
    assert 'name="set_stock" id="f-set_stock" checked' in text
    # The file is still there: without the tick it goes in.
    assert browser.post(here, {"form_token": _token(answer)}).status_code == 302
    assert ProductImport.objects.order_by("id").last().done_at is not None  # type: ignore[union-attr]


def test_a_file_that_cannot_be_read_is_refused_in_the_form() -> None:
    shop = factories.shop()
    big5 = "Handle,Title\n杯,手作陶瓷的杯子\n".encode("gb18030")
    answer = _send(client(shop.owner), shop, big5)
    assert answer.status_code == 422
    assert "GB18030" in answer.content.decode()
    nothing = client(shop.owner).post(reverse("studio_import", args=[shop.slug]))
    assert nothing.status_code == 422


def test_other_merchants_and_clerks_find_no_import_here() -> None:
    shop, other = factories.shop(), factories.shop()
    clerk = factories.member()
    owner = factories.actor(shop.owner)
    catalog.hire(actor=owner, shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    kept = catalog.keep_product_file(
        actor=owner, shop_id=shop.pk, data=CUPS.encode(), name="goods.csv"
    )
    for who in (other.owner, clerk):
        browser = client(who)
        for name, args in (
            ("studio_import", [shop.slug]),
            ("studio_import_file", [shop.slug, kept.token]),
        ):
            url = reverse(name, args=args)
            assert browser.get(url).status_code == 404
            assert browser.post(url, {"form_token": "x"}).status_code == 404
    # Nor does a file answer under another shop's address.
    foreign = reverse("studio_import_file", args=[other.slug, kept.token])
    assert client(other.owner).get(foreign).status_code == 404
    assert not Product.objects.exists()


def test_staff_export_what_the_exchange_file_holds_and_strangers_do_not() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    clerk = factories.member()
    catalog.hire(
        actor=factories.actor(shop.owner), shop_id=shop.pk, account_id=clerk.pk, role="clerk"
    )
    url = reverse("studio_export", args=[shop.slug])
    answer = client(clerk).get(url)
    assert isinstance(answer, StreamingHttpResponse)
    assert f'filename="{shop.slug}-products-' in answer["Content-Disposition"]
    body = b"".join(answer).decode()
    assert body == exported(shop)
    assert client(factories.member()).get(url).status_code == 404


def _zip(**files: bytes) -> SimpleUploadedFile:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return SimpleUploadedFile("pictures.zip", packed.getvalue(), content_type="application/zip")


def test_pictures_come_from_a_zip_by_their_names() -> None:
    shop = factories.shop()
    kept = take_in(shop, CUPS)
    browser = client(shop.owner)
    url = reverse("studio_import_pictures", args=[shop.slug, kept.token])
    zipped = _zip(**{"../../folder/CUP-1__jpg": jpeg(300, 200, 1), "cup-2__jpg": b"no picture"})
    answer = browser.post(url, {"zip": zipped}, follow=True)
    text = answer.content.decode()
    assert "1 picture added." in text
    assert "1 picture was refused." in text
    assert "not a picture" in text
    shown = ProductImage.objects.get()
    assert (shown.product.slug, shown.position, shown.image.alt) == ("blue-cup", 0, "A blue cup")

    again = browser.post(url, {"zip": _zip(**{"cup-2__jpg": jpeg(320, 200, 2)})}, follow=True)
    assert "1 picture added." in again.content.decode()
    assert set(WantedPicture.objects.values_list("state", flat=True)) == {"taken"}


def test_an_address_that_is_none_keeps_no_picture_of_a_zip_away() -> None:
    shop = factories.shop()
    odd = (
        "Handle,Title,Price,Image Src\n"
        "cup,Cup,3,http://[cups/CUP-1.jpg?v=2\n"
        "plate,Plate,5,plate-1.jpg\n"
    )
    kept = take_in(shop, odd)
    url = reverse("studio_import_pictures", args=[shop.slug, kept.token])
    zipped = _zip(**{"cup-1__jpg": jpeg(300, 200, 1), "plate-1__jpg": jpeg(300, 200, 2)})

    assert client(shop.owner).post(url, {"zip": zipped}).status_code == 302

    assert ProductImage.objects.count() == 2


def test_a_zip_that_is_none_or_a_bomb_is_refused() -> None:
    shop = factories.shop()
    kept = take_in(shop, CUPS)
    browser = client(shop.owner)
    url = reverse("studio_import_pictures", args=[shop.slug, kept.token])
    broken = SimpleUploadedFile("p.zip", b"PK nothing", content_type="application/zip")
    assert browser.post(url, {"zip": broken}).status_code == 422
    assert browser.post(url).status_code == 422
    bomb = _zip(**{"cup-1__jpg": b"\0" * (40 * 1024 * 1024)})
    browser.post(url, {"zip": bomb})
    row = WantedPicture.objects.get(source="cup-1.jpg")
    assert (row.state, row.reason) == ("failed", "upload_too_large")
    assert not ProductImage.objects.exists()


def test_the_page_says_how_it_stands_with_the_addresses_and_tries_them_again(settings: Any) -> None:
    shop = factories.shop()
    browser = client(shop.owner)
    with serve() as host:
        settings.FETCH_ALLOWED_HOSTS = [host.authority]
        host.bodies["/here.jpg"] = jpeg(300, 200, 1)
        host.statuses["/later.jpg"] = [503]
        kept = take_in(
            shop,
            "Handle,Title,Price,Image Src\n"
            f"cup,Cup,8.00,{host.url('/here.jpg')}\ncup,,,{host.url('/gone.jpg')}\n"
            f"cup,,,{host.url('/later.jpg')}\n",
        )
        here = reverse("studio_import_file", args=[shop.slug, kept.token])
        again = reverse("studio_import_fetch", args=[shop.slug, kept.token])
        text = browser.get(here).content.decode()
        assert "3 pictures that the file names are not here yet." in text
        assert again not in text

        catalog.fetch_pictures(actor=Actor.system("test"))
        text = browser.get(here).content.decode()
        assert "2 pictures that the file names are not here yet." in text
        assert "the host answers with the error 404" in text
        assert "the host answers with the error 503" in text
        assert text.index("/gone.jpg") < text.index("/later.jpg") < text.index("/here.jpg")
        assert '<td data-label="Line">3</td>' in text
        assert again in text

        host.bodies["/gone.jpg"] = jpeg(320, 200, 2)
        answer = browser.post(again, follow=True)
        assert "1 address is tried again." in answer.content.decode()
        catalog.fetch_pictures(actor=Actor.system("test"))
    assert ProductImage.objects.count() == 2
    assert again not in browser.get(here).content.decode()


def test_only_managers_of_the_shop_have_addresses_tried_again() -> None:
    shop, other = factories.shop(), factories.shop()
    address = "ftp://pictures.example/a.jpg"
    kept = take_in(shop, f"Handle,Title,Price,Image Src\ncup,Cup,8.00,{address}\n")
    catalog.fetch_pictures(actor=Actor.system("test"))
    clerk = factories.member()
    owner = factories.actor(shop.owner)
    catalog.hire(actor=owner, shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    url = reverse("studio_import_fetch", args=[shop.slug, kept.token])
    for who in (other.owner, clerk, factories.member()):
        assert client(who).post(url).status_code == 404
    foreign = reverse("studio_import_fetch", args=[other.slug, kept.token])
    assert client(other.owner).post(foreign).status_code == 404
    assert client(shop.owner).get(url).status_code == 405
    assert WantedPicture.objects.get().state == "failed"
