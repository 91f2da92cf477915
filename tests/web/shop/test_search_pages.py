"""Search as people meet it: tabs, what was meant, facets, suggestions, and any input at all."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import EmptySearch
from banyan.community import actions as community
from banyan.media.actions import intake
from banyan.people.actions.words import index_accounts
from banyan.people.models import Account
from tests.media.samples import jpeg
from tests.support import factories as make
from tests.web.desk.scene import as_staff

pytestmark = pytest.mark.django_db
EXPLORE = reverse("explore")


def page(path: str = EXPLORE, *, language: str = "en", **fields: Any) -> str:
    answer = Client().get(path, fields, headers={"accept-language": language})
    assert answer.status_code == 200, fields
    return html.unescape(answer.content.decode())


def main(text: str) -> str:
    return text.partition("<main")[2]


def post(author: Account, title: str, **values: Any) -> Any:
    who = make.actor(author)
    image = intake(actor=who, data=jpeg(300, 200, 3))
    return community.publish_post(actor=who, images=[image], title=title, **values)


def tabs(text: str) -> list[str]:
    row = text.partition('<nav class="tabs"')[2].partition("</nav>")[0]
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<a [^>]*>.*?</a>", row)]


def test_one_search_covers_four_kinds_and_counts_them() -> None:
    shop = make.shop(name="Teapot House")
    make.product(shop, title="Blue teapot")
    make.product(shop, title="Red teapot")
    member = make.member("teapot_ana")
    index_accounts([member])
    post(member, "My teapot")
    text = page(q="teapot")
    assert tabs(text) == ["All", "Goods 2", "Posts 1", "People 1", "Shops 1"]
    people = page(q="teapot", kind="people")
    assert "@teapot_ana" in people
    assert "Blue teapot" not in main(people)
    posts = main(page(q="teapot", kind="posts"))
    assert "My teapot" in posts
    assert "Blue teapot" not in posts


def test_a_slip_is_forgiven_and_said_and_can_be_insisted_on() -> None:
    make.product(title="Ceramic teapot")
    catalog.count_words()
    text = page(q="ceramci teapot")
    assert "Showing what has “ceramic teapot”." in text
    assert "Ceramic teapot" in main(text)
    insisted = page(q="ceramci teapot", exact="1")
    assert "Showing what has" not in insisted
    assert "Nothing here has all of “ceramci teapot”." in insisted


def test_a_word_that_is_there_is_never_replaced() -> None:
    shop = make.shop()
    make.product(shop, title="Teapat of Mr Teapat")
    for _ in range(3):
        make.product(shop, title="Teapot")
    catalog.count_words()
    assert "Showing what has" not in page(q="teapat")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_chinese_goods_are_found_by_sound_in_any_language(language: str) -> None:
    make.product(title="红色连衣裙")
    for typed in ("lyq", "lianyiqun", "连衣"):
        assert "红色连衣裙" in main(page(q=typed, language=language)), typed


def test_readers_of_chinese_find_words_and_sounds_at_once() -> None:
    shop = make.shop()
    make.product(shop, title="Chair")
    make.product(shop, title="绿茶")
    make.product(shop, title="茶杯")
    assert "茶杯" not in main(page(q="cha")), "a beginning of an English word is enough here"
    both = main(page(q="cha", language="zh-hans"))
    assert "Chair" in both
    assert "茶杯" in both


def test_facets_narrow_keep_the_words_and_can_be_taken_away() -> None:
    shop = make.shop()
    red = catalog.VariantInput(price=1_000, values=["Red"], on_hand=1)
    blue = catalog.VariantInput(price=2_000, values=["Blue"], on_hand=0)
    make.product(shop, title="Cup A", options=["Colour"], variants=[red])
    make.product(shop, title="Cup B", options=["Colour"], variants=[blue])
    text = page(q="cup", kind="goods")
    links = dict(re.findall(r'<a class="chip" href="([^"]+)"[^>]*>([^<]+)</a>', text))
    assert links["?q=cup&kind=goods&is=with%3AColour%3DRed"] == "Red 1"
    assert links["?q=cup&kind=goods&is=stock"] == "In stock 1"
    narrowed = main(page(EXPLORE + "?q=cup&kind=goods&is=with%3AColour%3DRed"))
    assert "Cup A" in narrowed
    assert "Cup B" not in narrowed
    assert re.search(
        r'href="\?q=cup&kind=goods"[^>]*aria-current="true"[^>]*>.*?Colour: Red', narrowed
    )
    nothing = main(page(EXPLORE + "?q=cup&is=with%3AColour%3DRed&is=with%3AColour%3DBlue"))
    assert "Nothing has all the words and fits what was chosen." in nothing
    assert not EmptySearch.objects.exists(), "what was chosen is no missing word"


def test_a_shop_page_is_narrowed_too_and_stays_in_the_shop() -> None:
    shop, other = make.shop(), make.shop()
    make.product(shop, title="Cup A", price=1_000)
    make.product(shop, title="Cup B", price=90_000)
    make.product(other, title="Cup C", price=1_000)
    path = reverse("shop", args=[shop.slug])
    assert "Narrow down" in page(path)
    cheap = main(page(path, currency="CNY", to="50"))
    assert "Cup A" in cheap
    assert "Cup B" not in cheap
    assert "Cup C" not in cheap
    assert "Nothing fits what was chosen." in main(page(path, currency="CNY", to="1"))
    elsewhere = main(page(path + f"?is=shop:{other.slug}"))
    assert "Cup A" in elsewhere
    assert "Cup C" not in elsewhere


def test_suggestions_are_words_and_goods_that_are_there() -> None:
    shop = make.shop()
    item = make.product(shop, title="Celadon teapot")
    hidden = make.product(shop, title="Celibate")
    catalog.unpublish_product(actor=make.actor(shop.owner), product_id=hidden.pk)
    catalog.count_words()
    path = reverse("search_words")
    part = Client().get(path, {"q": "cel"}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert f'href="{EXPLORE}?q=celadon"' in part
    assert f'href="{reverse("product", args=[shop.slug, item.slug])}"' in part
    assert "celibate" not in part.lower()
    assert "<html" in page(path, q="cel"), "a page of its own without htmx"
    assert "No word here begins with “zzz”." in page(path, q="zzz")
    empty = Client().get(path, {"q": "zzz"}, headers={"hx-request": "true"}).content.decode()
    assert empty.strip() == ""
    assert "hx-get" in page()


def test_what_was_not_found_is_seen_on_the_desk_and_nowhere_else() -> None:
    for text in ("Kettle", "kettle", "ana@example.com"):
        page(q=text)
    page(q="kettle", kind="posts")
    assert list(EmptySearch.objects.values_list("words", "times")) == [("kettle", 2)]
    path = reverse("admin:catalog_emptysearch_changelist")
    assert "kettle" in as_staff("moderation").get(path).content.decode()
    assert as_staff("finance").get(path).status_code in {403, 404}
    assert Client().get(path).status_code in {302, 403, 404}


ODD = [
    "x" * 10_240,
    "连" * 10_240,
    "!?&|'\"\\",
    "🎁🎉",
    "\u202eمرحبا بالعالم\u202c",
    "'; DROP TABLE catalog_product; --",
    "' OR 1=1",
    '"unbalanced (quotes | & !',
    "%s %(x)s {0} {{ 7*7 }}",
    "<script>alert(1)</script>",
    "\ufeff\u200b\u00ad",
    "a:* & b",
    "类1 店2 音lyq",
    "１２３４５ ＡＢＣ",
    "\udcff",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_any_words_give_a_page(text: str, language: str) -> None:
    make.product(title="Blue teapot")
    asked = text.encode("utf-8", "surrogatepass")
    browser = Client(headers={"accept-language": language})
    for path in (EXPLORE, reverse("search_words")):
        for kind in ("", "goods", "posts"):
            answer = browser.get(path, {"q": asked, "kind": kind})
            assert answer.status_code == 200, (text[:20], path)
            assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "q=cup&after=999999999_1",
        "q=cup&after=nan_3&kind=goods",
        "q=cup&kind=goods&after=" + "9" * 5_000,
        "q=cup&kind=posts&after=1e308_9223372036854775807",
        "q=cup&kind=nonsense",
        "q=cup&is=with:" + "x" * 3_000 + "=y",
        "q=cup&" + "&".join(f"is=with:a{n}=b" for n in range(300)),
        "q=cup&currency=XXX&from=1",
        "q=cup&currency=CNY&from=1e400",
        "category=cups&after=1e300_5",
        "category=cups&is=stock&from=9&to=1&currency=CNY",
        "category=cups&before=1&after=x",
    ],
)
def test_any_choice_gives_a_page(query: str) -> None:
    from tests.web.shop.test_categories import category

    category("cups")
    make.product(title="Cup", category="cups")
    answer = Client().get(f"{EXPLORE}?{query}")
    assert answer.status_code == 200, query


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "q=cup&is=%00", "category=%00", "after=%00"])
def test_an_address_with_a_nul_is_none_of_ours(query: str) -> None:
    make.product(title="Cup")
    for path in (EXPLORE, reverse("search_words")):
        assert Client().get(f"{path}?{query}").status_code in {200, 404}


def test_statements_do_not_grow_with_what_is_found() -> None:
    shop = make.shop()
    author = make.member()
    counts = []
    for number in (1, 12):
        for n in range(number):
            make.product(shop, title=f"Cup {number} {n}")
            post(author, f"Cup {number} {n}")
        page(q="cup")
        with CaptureQueriesContext(connection) as seen:
            page(q="cup")
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 16
