"""Writing a post over HTTP: what is refused comes back whole, goods sit where they were put."""

from __future__ import annotations

import io

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from banyan.community.models import Post, ProductTag
from banyan.people.models import Account
from banyan.web.shop.community import compose
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(make.member("ana"))
    return client


def tokens(client: Client, n: int) -> list[str]:
    who = make.actor(Account.objects.get(handle="ana"))
    return [staged_picture(who, (10 * i, 90, 60)) for i in range(n)]


@pytest.mark.parametrize("visibility", [0, 1, 2, 3])
def test_a_post_can_be_for_everybody_followers_friends_or_oneself(
    ana: Client, visibility: int
) -> None:
    answer = ana.post("/post", {"pictures": tokens(ana, 1), "visibility": visibility})
    post = Post.objects.get()
    assert answer.status_code == 302
    assert post.visibility == visibility
    assert (post.link is not None) == (visibility == 0)
    assert ana.get(answer["Location"]).status_code == 200
    assert Client().get(answer["Location"]).status_code == (200 if visibility == 0 else 404)


def test_a_refused_post_keeps_words_audience_pictures_and_places(ana: Client) -> None:
    product = make.product(title="Winter cup")
    pictures = tokens(ana, 2)

    answer = ana.post(
        "/post",
        {
            "pictures": pictures,
            "title": "T" * 121,
            "body": "What I wanted to say",
            "visibility": "2",
            "product": [product.pk],
            "tag_picture": ["2"],
            "tag_x": ["31"],
            "tag_y": ["77"],
        },
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "At most 120 letters." in page
    assert "What I wanted to say" in page
    assert "T" * 121 in page
    assert '<option value="2" selected>' in page
    assert all(f'name="pictures" value="{token}"' in page for token in pictures)
    assert f'<option value="{product.pk}" selected>' in page
    assert 'name="tag_x" value="31"' in page
    assert 'name="tag_y" value="77"' in page
    assert not Post.objects.exists()


def test_goods_are_placed_on_any_picture_one_after_the_other(ana: Client) -> None:
    cup, shawl = make.product(title="Cup"), make.product(title="Shawl")
    form = {"pictures": tokens(ana, 2), "title": "Two things"}
    drawn = ana.post("/post", {**form, "again": "add"}).content.decode()
    assert "Two things" in drawn
    assert drawn.count('name="product"') == 1
    assert "data-placer" in drawn

    ana.post(
        "/post",
        {
            **form,
            "product": [cup.pk, shawl.pk],
            "tag_picture": ["1", "2"],
            "tag_x": ["10", "20"],
            "tag_y": ["30", "40"],
        },
    )

    tags = ProductTag.objects.order_by("post_image__position")
    assert list(tags.values_list("product__title", "post_image__position", "x", "y")) == [
        ("Cup", 0, 100, 300),
        ("Shawl", 1, 200, 400),
    ]


def test_what_one_bought_and_sells_can_be_placed_however_old_it_is(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Account.objects.get(handle="ana")
    bought, own = make.product(title="Old cup"), make.product(make.shop(who), title="Old bowl")
    make.pay(make.place((bought.variants.get(), 1), buyer=who))
    for number in range(3):
        make.product(title=f"New thing {number}")
    monkeypatch.setattr(compose, "MOST_GOODS", 2)

    page = ana.post("/post", {"again": "add"}).content.decode()

    assert f'<option value="{bought.pk}">' in page
    assert f'<option value="{own.pk}">' in page
    assert "New thing 2" in page
    assert "New thing 0" not in page


def test_a_row_is_taken_away_again(ana: Client) -> None:
    product = make.product()
    drawn = ana.post(
        "/post",
        {"product": [product.pk, ""], "tag_picture": ["1", "1"], "again": "drop-0"},
    )
    assert drawn.status_code == 200
    assert drawn.content.decode().count('name="product"') == 1
    assert f'value="{product.pk}" selected' not in drawn.content.decode()


def test_a_place_off_the_picture_is_refused_at_its_field(ana: Client) -> None:
    product = make.product()
    answer = ana.post(
        "/post",
        {"pictures": tokens(ana, 1), "product": product.pk, "tag_x": "140", "tag_y": "-3"},
    )
    assert answer.status_code == 422
    assert "off the picture" in answer.content.decode()


def test_without_script_files_come_with_the_form_and_stay_when_it_is_refused(ana: Client) -> None:
    data = io.BytesIO()
    PIL.Image.new("RGB", (60, 60), (1, 2, 3)).save(data, "PNG")
    picture = SimpleUploadedFile("cup.png", data.getvalue(), "image/png")
    wrong = SimpleUploadedFile("notes.txt", b"not a picture", "text/plain")

    answer = ana.post("/post", {"pictures_files": [picture, wrong], "title": "Cup"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "notes.txt" in page
    assert page.count('name="pictures" value="') == 1
    assert 'enctype="multipart/form-data"' in page
