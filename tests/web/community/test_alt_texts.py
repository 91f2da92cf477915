"""What a picture shows is said by whose it is: in the form, later, and by programs."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from markupsafe import escape

from banyan.catalog.models import Product
from banyan.community.models import Post
from banyan.media.models import Image
from banyan.people.models import Account
from tests.api.client import Program, errors
from tests.community.posts import post as a_post
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
CUP = 'A blue cup on a "white" shelf'


def two_pictures(account: Account) -> tuple[str, str]:
    who = make.actor(account)
    return staged_picture(who, (10, 90, 60)), staged_picture(who, (200, 90, 60))


def alts_on(url: str) -> set[str]:
    """Return the alt of every picture of goods and posts on a page, as a visitor gets it."""
    html = client().get(url).content.decode()
    return set(re.findall(r'<img src="[^"]*/p/[^"]+"[^>]* alt="([^"]*)"', html)) | set(
        re.findall(r'<img[^>]* alt="([^"]*)"[^>]* src="[^"]*/p/', html)
    )


def escaped(text: str) -> str:
    return str(escape(text))


def test_what_is_typed_in_the_post_form_is_the_alt_wherever_the_picture_stands() -> None:
    ana = make.member("ana")
    first, second = two_pictures(ana)
    form = {"pictures": [second, first], "title": "Cups", f"pictures_alt_{first}": f"  {CUP} "}
    answer = client(ana).post("/post", form)
    assert answer.status_code == 302
    post = Post.objects.get()
    texts = [each.image.alt for each in post.images.select_related("image").order_by("position")]
    assert texts == ["", CUP], "the text goes with its picture, in whatever order they are sent"

    later = {f"pictures_alt_{second}": "A shelf", "pictures": [second], "title": "More"}
    client(ana).post("/post", later)
    for url in (answer["Location"], reverse("explore"), reverse("profile", args=["ana"])):
        shown = alts_on(url)
        assert "A shelf" in shown, url
    assert escaped(CUP) in alts_on(answer["Location"])


def test_a_refused_post_keeps_the_texts() -> None:
    ana = make.member("ana")
    first, _second = two_pictures(ana)
    form = {"pictures": [first], "title": "T" * 121, f"pictures_alt_{first}": CUP}
    answer = client(ana).post("/post", form)
    assert answer.status_code == 422
    assert f'name="pictures_alt_{first}" value="{escaped(CUP)}"' in answer.content.decode()
    too_long = client(ana).post("/post", {"pictures": [first], f"pictures_alt_{first}": "x" * 301})
    assert too_long.status_code == 422
    assert "at most 300 letters" in too_long.content.decode()
    assert not Post.objects.exists()
    assert Image.objects.get(stagedupload__token=first).alt == ""


def test_an_author_describes_the_pictures_later_and_nobody_else_does() -> None:
    author, other = make.member(), make.member()
    client(author).post("/post", {"pictures": [two_pictures(author)[0]], "title": "Cups"})
    post = Post.objects.get()
    image = post.images.get().image
    url, field = reverse("post_pictures", args=[post.pk]), f"alt_{image.pk}"
    page = client(author).get(reverse("post", args=[post.pk])).content.decode()
    assert url in page
    assert url not in client(other).get(reverse("post", args=[post.pk])).content.decode()

    for stranger in (client(other), client()):
        assert stranger.post(url, {field: "mine"}).status_code in (401, 404)
    image.refresh_from_db()
    assert image.alt != "mine"

    assert client(author).post(url, {field: CUP}).status_code == 302
    assert escaped(CUP) in alts_on(reverse("post", args=[post.pk]))
    assert f'value="{escaped(CUP)}"' in client(author).get(url).content.decode()
    refused = client(author).post(url, {field: "x" * 301})
    assert refused.status_code == 422
    assert "at most 300 letters" in refused.content.decode()
    assert client(author).post(url, {}).status_code == 302
    image.refresh_from_db()
    assert image.alt == CUP, "a form without the field leaves it"
    client(author).post(url, {field: ""})
    image.refresh_from_db()
    assert image.alt == ""


def test_a_product_form_asks_for_new_pictures_and_for_those_that_stay() -> None:
    shop = make.shop()
    first, second = two_pictures(shop.owner)
    words = {"title": "Cup", "v0_price": "10"}
    made = client(shop.owner).post(
        reverse("studio_product_new", args=[shop.slug]),
        {**words, "pictures": [first, second], f"pictures_alt_{first}": CUP},
    )
    assert made.status_code == 302
    product = Product.objects.get()
    shown = {each.image.alt: each.image_id for each in product.images.select_related("image")}
    assert set(shown) == {CUP, ""}

    url = reverse("studio_product", args=[shop.slug, product.pk])
    form = client(shop.owner).get(url).content.decode()
    assert f'name="alt_{shown[CUP]}" value="{escaped(CUP)}"' in form
    stays = {"keep": [str(pk) for pk in shown.values()], f"alt_{shown['']}": "Its handle"}
    foreign = a_post(make.member()).images.get().image
    assert (
        client(shop.owner).post(url, {**words, **stays, f"alt_{foreign.pk}": "!"}).status_code
        == 302
    )
    assert {each.image.alt for each in product.images.select_related("image")} == {
        CUP,
        "Its handle",
    }
    foreign.refresh_from_db()
    assert foreign.alt != "!", "nobody describes the pictures of others"


def test_programs_say_it_too() -> None:
    owner = make.member()
    shop = make.shop(owner)
    first, second = two_pictures(owner)
    program = Program(owner)
    made = program.do(
        "POST", "/posts", {"pictures": [first, first, second], "alts": [None, CUP, "A shelf"]}
    )
    assert [one["alt"] for one in made["pictures"]] == [CUP, "A shelf"]
    path = f"/posts/{made['id']}/alts"
    changed = program.do("PUT", path, {"alts": [None, ""]})
    assert [one["alt"] for one in changed["pictures"]] == [CUP, ""]
    assert Program(make.member()).send("PUT", path, {"alts": ["mine"]}).status_code == 404
    assert "alts.0" in errors(program.send("PUT", path, {"alts": ["x" * 301]}))

    third = staged_picture(make.actor(owner), (1, 2, 3))
    price = {"amount": 100, "currency": shop.currency}
    body = {"title": "Cup", "variants": [{"price": price}]}
    product = program.do(
        "POST", f"/shops/{shop.pk}/products", {**body, "pictures": [third], "alts": ["A bowl"]}
    )
    [picture] = product["pictures"]
    assert picture["alt"] == "A bowl"
    kept = program.do("PUT", f"/products/{product['id']}", body)
    assert [one["alt"] for one in kept["pictures"]] == ["A bowl"]
    again = {**body, "pictures": [picture["id"]], "alts": ["A deep bowl"]}
    assert (
        program.do("PUT", f"/products/{product['id']}", again)["pictures"][0]["alt"]
        == "A deep bowl"
    )
