"""Addresses of shops and goods: made of what things are called, in whatever script."""

from __future__ import annotations

import re

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.catalog.rules import slugify
from banyan.kernel.problems import Invalid
from tests.market.deals import listing
from tests.support import factories as make
from tests.support.threads import run_concurrently


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("林记陶坊", "linji-taofang"),
        ("林記陶坊", "linji-taofang"),
        ("手作马克杯 Mug, 350 ml", "shouzuo-makebei-mug-350-ml"),
        ("Crème brûlée & Co", "creme-brulee-co"),
        ("ＴＥＡ", "tea"),
        ("Чай", "else"),
        (" -- ", "else"),
    ],
)
def test_an_address_is_made_of_words_and_sounds(text: str, slug: str) -> None:
    assert slugify(text, fallback="else") == slug


def test_a_long_name_makes_an_address_within_its_bound() -> None:
    assert len(slugify("长" * 80, fallback="else")) <= 80


@pytest.mark.django_db
def test_a_shop_needs_no_more_than_a_name() -> None:
    mine = catalog.open_shop(actor=make.actor(make.member()), name=" 林记陶坊 ")
    theirs = catalog.open_shop(actor=make.actor(make.member()), name="林记陶坊")
    assert mine.slug == "linji-taofang"
    assert re.fullmatch(r"linji-taofang-[a-z0-9]{6}", theirs.slug)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["New", "API", "长" * 80, "Чайная", "🍵🍵"])
def test_a_name_that_is_no_address_gets_one_all_the_same(name: str) -> None:
    made = catalog.open_shop(actor=make.actor(make.member()), name=name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{5,38}[a-z0-9]", made.slug), made.slug


@pytest.mark.django_db
def test_the_same_form_again_opens_no_second_shop() -> None:
    who = make.actor(make.member())
    catalog.open_shop(actor=who, name="Clay")
    with pytest.raises(Invalid) as refused:
        catalog.open_shop(actor=who, name="Clay ")
    assert set(refused.value.fields) == {"name"}
    assert catalog.open_shop(actor=who, name="Clay", slug="clay-too").slug == "clay-too"


@pytest.mark.django_db
def test_the_little_shop_of_second_hand_things_is_no_second_one() -> None:
    seller = listing().seller
    little = Shop.objects.get(owner=seller)
    assert catalog.open_shop(actor=make.actor(seller), name=little.name).kind == "merchant"


@pytest.mark.usefixtures("threaded_db")
def test_a_form_sent_twice_at_once_opens_one_shop() -> None:
    who = make.actor(make.member())
    opened, refused = [], []

    def send() -> None:
        try:
            opened.append(catalog.open_shop(actor=who, name="Clay"))
        except Invalid as problem:
            refused.append(problem)

    run_concurrently(send, 4)
    assert (len(opened), len(refused)) == (1, 3)
    assert Shop.objects.get().slug == "clay"
