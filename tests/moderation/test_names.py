"""No name, and no line that stands on a page, says what is not said here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import (
    Collection,
    Product,
    ShippingMethod,
    ShippingZone,
    Shop,
    Variant,
    WantedPicture,
)
from banyan.community import actions as community
from banyan.community.models import Board, BoardPost
from banyan.community.rules import HELD
from banyan.delivery.actions import TermsInput
from banyan.delivery.models import Terms
from banyan.groups import actions as groups
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.market.models import Listing
from banyan.moderation import actions as moderation
from banyan.people import actions as people
from banyan.people.models import Account, AccountList, Profile
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.storefronts import actions as storefronts
from banyan.storefronts.models import Offer, Storefront
from tests.catalog.files import take_in
from tests.community.posts import post as publish
from tests.delivery import goods
from tests.market import deals
from tests.support import factories as make

pytestmark = pytest.mark.django_db
BAD, HOLD = "grumpf", "mumpf"
SHOWN = (
    Account, AccountList, Board, BoardPost, Collection, Group, Listing, Offer, Product, Profile,
    Sale, ShippingMethod, Shop, Storefront, Terms, Variant, WantedPicture,
)  # fmt: skip
Say = Callable[[Account, str], object]


@pytest.fixture(autouse=True)
def _listed() -> None:
    boss = make.actor(make.staff("moderation"))
    moderation.list_word(actor=boss, text=BAD, effect="block", reason="a test")
    moderation.list_word(actor=boss, text=HOLD, effect="hold", reason="a test")


def _profile(who: Account, **values: str) -> object:
    given: dict[str, Any] = {"handle": who.handle, "display_name": "Ana"} | values
    return people.change_profile(actor=make.actor(who), **given)


def _group(who: Account, **values: str) -> object:
    given: dict[str, Any] = {"name": "Kilns"} | values
    data = groups.GroupInput(**given)
    return groups.make_group(actor=make.actor(who), slug=f"kilns-{who.pk}", data=data)


def _edit_group(who: Account, word: str) -> object:
    made = groups.make_group(
        actor=make.actor(who), slug=f"kilns-{who.pk}", data=groups.GroupInput(name="Kilns")
    )
    data = groups.GroupInput(name=word)
    return groups.edit_group(actor=make.actor(who), group_id=made.pk, data=data, cover=None)


def _change_board(who: Account, word: str) -> object:
    board = community.make_board(actor=make.actor(who), title="Bowls")
    return community.change_board(actor=make.actor(who), board_id=board.pk, title=word)


def _board_note(who: Account, word: str) -> object:
    board = community.make_board(actor=make.actor(who), title="Bowls")
    return community.save_to_board(
        actor=make.actor(who), post_id=publish(make.member()).pk, board_id=board.pk, note=word
    )


def _rename_list(who: Account, word: str) -> object:
    made = people.make_list(actor=make.actor(who), name="Friends")
    return people.rename_list(actor=make.actor(who), list_id=made.pk, name=word)


def _update_shop(who: Account, **values: str) -> object:
    shop = make.shop(who, slug=f"shop-{who.pk}")
    return catalog.update_shop(actor=make.actor(who), shop_id=shop.pk, **values)


def _product(who: Account, **values: Any) -> object:
    given: dict[str, Any] = {"title": "Bowl", "variants": [catalog.VariantInput(price=100)]}
    data = catalog.ProductInput(**(given | values))
    return catalog.create_product(actor=make.actor(who), shop_id=make.shop(who).pk, data=data)


def _attribute(who: Account, word: str) -> object:
    catalog.add_attribute(
        actor=Actor.system("test"),
        code=f"glaze_{who.pk}",
        kind="text",
        data=catalog.AttributeInput(names={"en": "Glaze"}),
        reason="a test",
    )
    return _product(who, attributes={f"glaze_{who.pk}": word})


def _by_file(who: Account, value: str, alt: str = "") -> object:
    shop = make.shop(who)
    head = "Handle,Title,Option1 Name,Option1 Value,Price,Image Src,Image Alt Text"
    return take_in(shop, f"{head}\nbowl,Bowl,Colour,{value},3,bowl.jpg,{alt}\n")


def _terms(who: Account, word: str) -> object:
    terms = TermsInput(way="voucher", places=word)
    return goods.draft(make.shop(who), "voucher", terms)


def _listing(who: Account, word: str) -> object:
    Account.objects.filter(pk=who.pk).update(email=f"{who.handle}@example.com")
    return deals.listing(who, level2=word)


def _method(who: Account, word: str) -> object:
    shop = make.shop(who)
    data = catalog.MethodInput(name=word, currency="CNY")
    zone = ShippingZone.objects.get(shop=shop)
    return catalog.save_shipping_method(
        actor=make.actor(who), shop_id=shop.pk, zone_id=zone.pk, data=data
    )


def _collection(who: Account, word: str) -> object:
    return catalog.make_collection(
        actor=make.actor(who), shop_id=make.shop(who).pk, data=catalog.CollectionInput(title=word)
    )


def _sale(who: Account, word: str) -> object:
    now, item = clock.now(), make.variant(make.shop(who))
    data = sales.SaleInput(
        title=word, starts_at=now + dt.timedelta(hours=1), ends_at=now + dt.timedelta(hours=2),
        items=[sales.ItemInput(variant_id=item.pk, price=100, public=1)],
    )  # fmt: skip
    return sales.plan_sale(actor=make.actor(who), shop_id=item.product.shop_id, data=data)


def _page(who: Account, **values: str) -> object:
    return storefronts.open_storefront(actor=make.actor(who), **({"title": "Ana's"} | values))


def _offer_note(who: Account, word: str) -> object:
    _page(who)
    item = make.variant()
    return storefronts.select_product(actor=make.actor(who), product_id=item.product_id, note=word)


SAID: dict[str, Say] = {
    "a display name": lambda who, word: _profile(who, display_name=f"The {word}"),
    "a bio": lambda who, word: _profile(who, bio=f"I am {word}."),
    "a handle": lambda who, word: people.change_handle(actor=make.actor(who), handle=word),
    "a new account's name": lambda who, word: people.create_account(
        actor=Actor.guest(), contact=None, display_name=word
    ),
    "a list": lambda who, word: people.make_list(actor=make.actor(who), name=word),
    "a list's new name": _rename_list,
    "a group's name": lambda who, word: _group(who, name=word),
    "a group's description": lambda who, word: _group(who, about=f"All {word} here"),
    "a group's rules": lambda who, word: _group(who, rules=f"Be {word}"),
    "a group's new name": _edit_group,
    "a board": lambda who, word: community.make_board(actor=make.actor(who), title=word),
    "a board's text": lambda who, word: community.make_board(
        actor=make.actor(who), title="Bowls", about=word
    ),
    "a board's new name": _change_board,
    "a note on a board": _board_note,
    "a shop's name": lambda who, word: catalog.open_shop(
        actor=make.actor(who), name=f"{word} pots", slug="pots-of-ana"
    ),
    "a shop's address": lambda who, word: catalog.open_shop(
        actor=make.actor(who), name="Pots", slug=f"{word}-pots"
    ),
    "a shop's text": lambda who, word: _update_shop(who, about=f"Since {word}"),
    "a product": lambda who, word: _product(who, title=word),
    "a product's picture": lambda who, word: _product(who, alts={1: word}),
    "a product's attribute": _attribute,
    "a kind in a file": _by_file,
    "a picture in a file": lambda who, word: _by_file(who, "red", word),
    "where a voucher is redeemed": _terms,
    "a way of delivery": _method,
    "where a listing is": _listing,
    "a collection": _collection,
    "a sale": _sale,
    "a storefront": lambda who, word: _page(who, title=word),
    "a storefront's text": lambda who, word: _page(who, intro=f"My {word} page"),
    "a note on a storefront": _offer_note,
}


@pytest.mark.parametrize("what", SAID)
def test_what_is_not_said_here_is_in_no_name(what: str) -> None:
    for word in (BAD, HOLD):
        who = make.member()
        with pytest.raises(Invalid) as refused:
            SAID[what](who, word)
        assert refused.value.code == "words_blocked", what
        assert refused.value.fields, what
        written = [model._meta.label for model in SHOWN if word in str(model.objects.values())]
        assert written == []


def test_a_poll_s_answers_are_held_or_refused_with_its_post() -> None:
    ana = make.member()
    with pytest.raises(Invalid) as refused:
        publish(ana, body="Which?", poll=community.PollWish(["Ash", BAD]))
    assert refused.value.code == "words_blocked"
    held = publish(ana, body="Which one?", poll=community.PollWish(["Ash", HOLD]))
    held.refresh_from_db()
    assert held.state == HELD


def test_the_system_and_other_words_pass() -> None:
    made = people.create_account(actor=Actor.system("t"), contact=None, display_name=BAD)
    assert made.display_name == BAD
    people.make_list(actor=make.actor(made), name=f"un{BAD}able")
