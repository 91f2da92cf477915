"""Searching goods, posts and members: across scripts, in pages, and only what one may see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.access import visible_products
from banyan.catalog.models import ProductWords
from banyan.community import actions as community
from banyan.community.models import PostWords
from banyan.kernel import search
from banyan.media.actions import intake
from banyan.people import actions as people
from banyan.people.models import Account, AccountWords
from tests.media.samples import jpeg
from tests.support import factories

pytestmark = pytest.mark.django_db


def _look(query: str, account: Account | None = None, **more: str) -> str:
    browser = Client()
    if account is not None:
        browser.force_login(account)
    answer = browser.get(reverse("explore"), {"q": query} | more)
    assert answer.status_code == 200
    return answer.content.decode()


def _post(author: Account, title: str, body: str = "", **values: Any) -> Any:
    who = factories.actor(author)
    image = intake(actor=who, data=jpeg(300, 200, 3))
    return community.publish_post(actor=who, images=[image], title=title, body=body, **values)


def test_either_script_finds_the_other() -> None:
    shop = factories.shop()
    factories.product(shop, title="手作陶瓷馬克杯")
    factories.product(shop, title="纯棉围巾")
    assert "手作陶瓷馬克杯" in _look("马克杯")
    assert "纯棉围巾" in _look("圍巾")
    assert "纯棉围巾" not in _look("馬克杯")


def test_beginnings_of_latin_words_and_all_words_count() -> None:
    shop = factories.shop()
    factories.product(shop, title="Blue ceramic mug")
    factories.product(shop, title="Blue linen shirt")
    both = _look("BLU")
    assert "Blue ceramic mug" in both
    assert "Blue linen shirt" in both
    one = _look("blue cera")
    assert "Blue ceramic mug" in one
    assert "Blue linen shirt" not in one


def test_texts_in_other_languages_tags_and_descriptions_are_found() -> None:
    shop = factories.shop()
    factories.product(
        shop,
        title="Mug",
        description="Fired twice",
        tags=["stoneware"],
        texts={"zh-hant": {"title": "馬克杯", "description": ""}},
    )
    for query in ("twice", "stoneware", "马克"):
        assert 'class="grid-goods"' in _look(query), query


def test_drafts_and_closed_shops_stay_out() -> None:
    shop = factories.shop()
    item = factories.product(shop, title="Hidden teapot")
    owner = factories.actor(shop.owner)
    catalog.unpublish_product(actor=owner, product_id=item.pk)
    assert "Hidden teapot" not in _look("teapot", shop.owner)


def test_a_changed_text_is_found_by_its_new_words_only() -> None:
    shop = factories.shop()
    item = factories.product(shop, title="Teapot")
    owner = factories.actor(shop.owner)
    data = catalog.ProductInput(title="Kettle", variants=[catalog.VariantInput(price=1)])
    catalog.update_product(actor=owner, product_id=item.pk, data=data)
    assert "Kettle" in _look("kettle")
    assert "Kettle" not in _look("teapot")


def test_posts_are_found_by_those_who_may_see_them() -> None:
    author, stranger = factories.member(), factories.member()
    _post(author, "Glazing day", "青花釉")
    _post(author, "Glazing secrets", visibility=3)
    assert "Glazing day" in _look("青花", stranger)
    assert "Glazing secrets" not in _look("glazing", stranger)
    assert "Glazing secrets" in _look("glazing", author)


def test_members_are_found_by_handle_and_name_until_they_block() -> None:
    viewer = factories.member()
    made = people.create_account(
        actor=factories.actor(viewer), contact=None, handle="kiln_maker", display_name="陈陶"
    )
    for query in ("kiln", "@kiln_maker", "陳陶"):
        assert "@kiln_maker" in _look(query, viewer), query
    people.change_profile(actor=factories.actor(made), handle="glazer", display_name="Glaze Person")
    assert "@glazer" in _look("glazer", viewer)
    assert "@glazer" not in _look("kiln", viewer)
    people.block(actor=factories.actor(made), account_id=viewer.pk)
    assert "@glazer" not in _look("glazer", viewer)


def test_nothing_found_says_so_and_invites_to_nothing() -> None:
    text = _look("nowhere <b>")
    assert "Nothing here has all of “nowhere &lt;b&gt;”." in text
    assert reverse("post_new") not in text.split("<main")[1]
    assert "Nothing here has all of" in _look("!?&|")


def test_pages_show_every_product_once() -> None:
    shop = factories.shop()
    names = {f"Cup number {n}x" for n in range(30)}
    for name in names:
        factories.product(shop, title=name)
    seen: list[str] = []
    url = reverse("explore") + "?q=cup"
    for _page in range(5):
        text = Client().get(url).content.decode()
        seen += re.findall(r"Cup number \d+x(?=<)", text)
        more = re.search(r'href="(\?q=cup&amp;kind=goods&amp;after=[^"]*)"', text)
        if more is None:
            break
        url = reverse("explore") + more.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("after", ["", "x", "nan_3", "1.5_", "1e999_4", "0.5_99999999999999999999"])
def test_a_made_up_place_in_the_pages_is_harmless(after: str) -> None:
    factories.product(title="Cup")
    assert "Cup" in _look("cup", kind="goods", after=after) or after == "1e999_4"


def test_a_better_match_comes_first_and_newer_ones_break_ties() -> None:
    shop = factories.shop()
    titled = factories.product(shop, title="Teapot")
    old = factories.product(shop, title="Cup", description="fits a teapot")
    new = factories.product(shop, title="Bowl", description="fits a teapot")
    ids, _more = search.page_of(visible_products(), "words", "teapot", size=10)
    assert ids == [titled.pk, new.pk, old.pk]


def test_reindex_finds_what_has_no_words_yet() -> None:
    from django.core.management import call_command

    factories.product(title="Teapot")
    _post(factories.member(), "Teapot day")
    for table in (ProductWords, PostWords, AccountWords):
        table.objects.all().delete()
    assert "Teapot" not in _look("teapot").split("<main")[1].replace("“teapot”", "")
    call_command("search_reindex")
    text = _look("teapot")
    assert "Teapot day" in text
    assert 'class="grid-goods"' in text


def test_the_index_is_used_among_thousands() -> None:
    item = factories.product(title="Rare celadon 青瓷")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_product (shop_id, slug, state, language, title, description,"
            " texts, vendor, tags, options, created_at, updated_at)"
            " SELECT shop_id, 'cup-' || n, state, language, 'Cup', (SELECT string_agg('word' ||"
            " (n * k) %% 997, ' ') FROM generate_series(1, 40) AS k), '{}', '', '[]', '[]',"
            " now(), now() FROM catalog_product, generate_series(1, 5000) AS n WHERE id = %s",
            [item.pk],
        )
    assert catalog.reindex_products() == 5001
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_productwords, catalog_product, catalog_shop")
        cursor.execute("SELECT gin_clean_pending_list('product_words')")  # as the autovacuum does
    for text in ("celadon", "青瓷"):
        rows = visible_products().filter(words__words=search.asked(text))
        steps = rows.explain()
        assert "Bitmap Index Scan on product_words" in steps, steps
        assert list(rows) == [item]


def test_the_studio_finds_its_own_goods_in_any_state() -> None:
    shop, other = factories.shop(), factories.shop()
    draft = factories.product(shop, title="青瓷茶壶")
    catalog.unpublish_product(actor=factories.actor(shop.owner), product_id=draft.pk)
    factories.product(shop, title="Bowl")
    factories.product(other, title="青瓷杯")
    browser = Client()
    browser.force_login(shop.owner)
    text = browser.get(reverse("studio_goods", args=[shop.slug]), {"q": "青瓷"}).content.decode()
    assert "青瓷茶壶" in text
    assert "青瓷杯" not in text
    assert "Bowl" not in text
    none = browser.get(reverse("studio_goods", args=[shop.slug]), {"q": "zzz"}).content.decode()
    assert "Nothing has all of “zzz”." in none
