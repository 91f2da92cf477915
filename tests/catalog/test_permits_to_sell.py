"""What may not be on sale does not come on sale by any way: a button, an edit, a file."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.catalog import actions as catalog
from banyan.catalog.models import Category, Product, Shop, ShopStaff
from banyan.catalog.rules.product_csv import read_sheet
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden
from banyan.notify.models import Notification
from banyan.notify.queries import notifications
from banyan.people.models import Account
from banyan.standing import actions as standing
from banyan.standing.models import Permit
from banyan.standing.rules import day_at
from tests.support import factories as make
from tests.support.pictures import staged_picture

from .files import CUPS, exported, keep, take_in

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
WINE = "Handle,Title,Type,Status,Price\nplum-wine,Plum wine,wine,{status},30\n"


@pytest.fixture
def wine() -> Category:
    made = Category.objects.create(slug="wine", names={"en": "Wine"})
    standing.guard_category(actor=SYSTEM, category_id=made.pk, why="A licence.", reason="Law.")
    return made


def moved(product: Product, category: str) -> Product:
    """Change the category of a product, as its form does."""
    variant = product.variants.get()
    return catalog.update_product(
        actor=make.actor(product.shop.owner),
        product_id=product.pk,
        data=catalog.ProductInput(
            title=product.title,
            variants=[catalog.VariantInput(price=variant.price_amount)],
            category=category,
        ),
    )


@pytest.mark.usefixtures("wine")
def test_what_is_on_sale_does_not_move_into_a_guarded_category() -> None:
    product = make.product(title="Plum juice")

    with pytest.raises(Conflict) as refused:
        moved(product, "wine")

    assert refused.value.code == "permit_missing"
    product.refresh_from_db()
    assert product.category is None
    assert product.state == "active"
    catalog.unpublish_product(actor=make.actor(product.shop.owner), product_id=product.pk)
    assert moved(product, "wine").state == "draft", "a draft may stand there"


def test_a_shop_edits_what_was_on_sale_before_its_category_was_guarded(wine: Category) -> None:
    standing.unguard_category(actor=SYSTEM, category_id=wine.pk, reason="test")
    product = make.product(title="Plum wine", category="wine")
    standing.guard_category(actor=SYSTEM, category_id=wine.pk, why="Now.", reason="Law.")

    assert moved(product, "wine").state == "active"


def test_a_file_puts_guarded_goods_on_sale_only_with_a_permit(wine: Category) -> None:
    shop = make.shop()

    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, WINE.format(status="active"))

    [fault] = refused.value.faults
    assert (fault.line, fault.column, fault.code) == (2, "Status", "not_for_sale")
    assert "need a permit" in fault.reason
    assert not Product.objects.exists()
    take_in(shop, WINE.format(status="draft"))
    assert Product.objects.get().state == "draft"
    with pytest.raises(catalog.ImportRefused):
        take_in(shop, WINE.format(status="active"))
    standing.unguard_category(actor=SYSTEM, category_id=wine.pk, reason="test")
    take_in(shop, WINE.format(status="active"))
    assert Product.objects.get().state == "active"


@pytest.mark.usefixtures("wine")
def test_a_file_does_not_move_what_is_on_sale_into_a_guarded_category() -> None:
    shop = make.shop()
    take_in(shop, WINE.format(status="active").replace(",wine,", ",,"))
    silent = "Handle,Title,Type\nplum-wine,Plum wine,wine\n"

    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, silent)

    assert [fault.code for fault in refused.value.faults] == ["not_for_sale"]
    assert Product.objects.get().category_id is None


def test_a_file_asks_once_for_each_category(wine: Category) -> None:
    shop = make.shop()
    standing.unguard_category(actor=SYSTEM, category_id=wine.pk, reason="test")
    row = "wine-{n},Wine {n},wine,active,30\n"
    head = "Handle,Title,Type,Status,Price\n"

    def asked(n: int) -> int:
        kept = keep(shop, head + "".join(row.format(n=each) for each in range(n)))
        with CaptureQueriesContext(connection) as counted:
            catalog.look_at(actor=make.actor(shop.owner), kept=kept, set_stock=False)
        return len(counted)

    assert asked(20) == asked(2)


def test_a_file_does_not_bring_back_what_the_platform_took_down() -> None:
    shop = make.shop()
    take_in(shop, CUPS)
    cup = Product.objects.get(slug="blue-cup")
    standing.take_down(actor=SYSTEM, product_id=cup.pk, reason="unsafe", words="It cracks.")

    for text in (CUPS, CUPS.replace(",123,active", ",123,")):
        with pytest.raises(catalog.ImportRefused) as refused:
            take_in(shop, text)
        assert [fault.code for fault in refused.value.faults] == ["taken_down"]

    # what was exported is read back, and says nothing that the platform has not said
    take_in(shop, exported(shop))
    take_in(shop, CUPS.replace(",123,active", ",123,draft"))
    cup.refresh_from_db()
    assert cup.state == "taken_down"
    assert read_sheet(exported(shop).encode(), shop.currency).faults == []


def test_a_members_little_shop_takes_in_no_file() -> None:
    member = make.member()
    shop = catalog.open_member_shop(
        actor=make.actor(member), name="Attic", slug="m-attic", currency="CNY"
    )

    with pytest.raises(Conflict) as refused:
        keep(shop, CUPS)

    assert refused.value.code == "not_a_merchant"
    assert not Product.objects.exists()


def test_nobody_approves_or_reopens_their_own_shop(settings) -> None:  # type: ignore[no-untyped-def]
    settings.SHOP_APPROVAL = True
    boss = make.staff("moderation")
    shop = catalog.open_shop(actor=make.actor(boss), name="Mine", slug="mine")

    with pytest.raises(Forbidden) as refused:
        catalog.approve_shop(actor=make.actor(boss), shop_id=shop.pk)

    assert refused.value.code == "own_shop"
    shop.refresh_from_db()
    assert shop.state == "pending"
    other = make.actor(make.staff("moderation"))
    assert catalog.approve_shop(actor=other, shop_id=shop.pk).state == "open"


def test_where_a_licence_is_asked_for_no_shop_opens_without_one(settings) -> None:  # type: ignore[no-untyped-def]
    settings.SHOP_APPROVAL = settings.SHOP_LICENCE = True
    owner = make.member()
    shop = catalog.open_shop(actor=make.actor(owner), name="Mine", slug="mine")
    boss = make.actor(make.staff("moderation"))
    studio = Client()
    studio.force_login(owner)
    assert f"/studio/{shop.slug}/standing" in studio.get(f"/studio/{shop.slug}/").content.decode()

    asked = standing.ask_permit(
        actor=make.actor(owner),
        shop_id=shop.pk,
        number="LIC-1",
        holder="Mine Ltd",
        valid_until=day_at(clock.now(), shop.timezone),
        picture=staged_picture(make.actor(owner)),
    )
    with pytest.raises(Conflict) as refused:
        catalog.approve_shop(actor=boss, shop_id=shop.pk)
    assert refused.value.code == "licence_missing"
    standing.decide_permit(actor=boss, permit_id=asked.pk, granted=True, reason="It is real.")
    with clock.at(clock.now() + dt.timedelta(days=1)), pytest.raises(Conflict):
        catalog.approve_shop(actor=boss, shop_id=shop.pk)

    assert catalog.approve_shop(actor=boss, shop_id=shop.pk).state == "open"


def shown(shop: Shop, category: Category | None, until: dt.date | None) -> Permit:
    owner = make.actor(shop.owner)
    return standing.ask_permit(
        actor=owner,
        shop_id=shop.pk,
        category_id=category.pk if category else None,
        number="W-1",
        holder="Mine Ltd",
        valid_until=until,
        picture=staged_picture(owner),
    )


def grant(permit: Permit) -> Permit:
    return standing.decide_permit(actor=SYSTEM, permit_id=permit.pk, granted=True, reason="Real.")


def test_what_needed_a_permit_is_off_sale_when_its_day_has_passed(wine: Category) -> None:
    shop = make.shop()
    today = clock.now()
    permit = grant(shown(shop, wine, day_at(today, shop.timezone)))
    bottle, juice = make.product(shop, category="wine"), make.product(shop)
    assert standing.end_permits(actor=SYSTEM) == 0, "its last day counts"

    with clock.at(today + dt.timedelta(days=1)):
        assert [standing.end_permits(actor=SYSTEM) for _twice in range(2)] == [1, 0]
        relay.drain()

    states = [Product.objects.get(pk=one.pk).state for one in (bottle, juice)]
    assert states == ["draft", "active"]
    permit.refresh_from_db()
    assert permit.state == "ended"
    told = Notification.objects.filter(recipient=shop.owner, kind="permit.ended")
    assert told.count() == 1
    with clock.at(today + dt.timedelta(days=1)):
        grant(shown(shop, wine, None))
        owner = make.actor(shop.owner)
        assert catalog.publish_product(actor=owner, product_id=bottle.pk).state == "active"


def test_what_was_hidden_while_its_permit_ended_comes_back_as_a_draft(wine: Category) -> None:
    shop = make.shop()
    today = clock.now()
    grant(shown(shop, wine, today.date()))
    bottle, juice = make.product(shop, category="wine"), make.product(shop)
    for each in (bottle, juice):
        catalog.take_down_product(actor=SYSTEM, product_id=each.pk, reason="somebody's picture")

    with clock.at(today + dt.timedelta(days=1)):
        standing.end_permits(actor=SYSTEM)
        for each in (bottle, juice):
            catalog.put_back_product(actor=SYSTEM, product_id=each.pk, reason="theirs after all")

    states = [Product.objects.get(pk=one.pk).state for one in (bottle, juice)]
    assert states == ["draft", "active"]


def test_a_permit_is_renewed_before_its_day_and_nothing_leaves(wine: Category) -> None:
    shop = make.shop()
    today = clock.now()
    old = grant(shown(shop, wine, (today + dt.timedelta(days=61)).date()))
    bottle = make.product(shop, category="wine")
    with pytest.raises(Conflict) as refused:
        shown(shop, wine, None)
    assert refused.value.code == "permit_known"

    with clock.at(today + dt.timedelta(days=10)):
        renewed = shown(shop, wine, None)
        with pytest.raises(Conflict):
            shown(shop, wine, None)
        grant(renewed)
    with clock.at(today + dt.timedelta(days=70)):
        assert standing.end_permits(actor=SYSTEM) == 0

    old.refresh_from_db()
    assert old.state == "ended"
    assert Product.objects.get(pk=bottle.pk).state == "active"


@pytest.mark.parametrize(
    ("zone", "counts", "is_over"),
    [
        ("America/Los_Angeles", "2030-06-02T06:59+00:00", "2030-06-02T07:01+00:00"),
        ("Asia/Shanghai", "2030-06-01T15:59+00:00", "2030-06-01T16:01+00:00"),
    ],
)
def test_the_last_day_of_a_permit_is_one_of_the_shops_calendar(
    wine: Category, zone: str, counts: str, is_over: str
) -> None:
    shop = make.shop(timezone=zone)
    grant(shown(shop, wine, dt.date(2030, 6, 1)))
    owner, bottle = make.actor(shop.owner), make.product(shop, category="wine")

    with clock.at(dt.datetime.fromisoformat(counts)):
        assert standing.end_permits(actor=SYSTEM) == 0
        catalog.unpublish_product(actor=owner, product_id=bottle.pk)
        catalog.publish_product(actor=owner, product_id=bottle.pk)
    with clock.at(dt.datetime.fromisoformat(is_over)):
        other = make.product(shop)
        with pytest.raises(Conflict):
            moved(other, "wine")
        assert standing.end_permits(actor=SYSTEM) == 1


def warned(*people: Account) -> list[int]:
    told = Notification.objects.filter(kind="permit.ending", read_at=None)
    return [told.filter(recipient=each).count() for each in people]


def test_all_who_work_in_a_shop_are_warned_once_before_a_permit_ends(wine: Category) -> None:
    shop, clerk, stranger = make.shop(), make.member(), make.shop().owner
    ShopStaff.objects.create(shop=shop, account=clerk, role="clerk", created_at=clock.now())
    today = clock.now()
    permit = grant(shown(shop, wine, (today + dt.timedelta(days=31)).date()))
    grant(shown(shop, None, None))
    assert standing.warn_of_permits(actor=SYSTEM) == 0, "there is time"

    with clock.at(today + dt.timedelta(days=1)):
        assert [standing.warn_of_permits(actor=SYSTEM) for _twice in range(2)] == [1, 0]
        relay.drain()
    with clock.at(today + dt.timedelta(days=20)):
        assert standing.warn_of_permits(actor=SYSTEM) == 0
        relay.drain()

    assert warned(shop.owner, clerk, stranger) == [1, 1, 0]
    told = notifications(clerk.pk)[0]
    assert told.url == f"/studio/{shop.slug}/standing"
    assert f"valid until {permit.valid_until}" in told.text


def test_who_has_shown_the_next_permit_is_not_warned_unless_it_is_turned_down(
    wine: Category,
) -> None:
    shop = make.shop()
    last_day = (clock.now() + dt.timedelta(days=20)).date()
    for category in (wine, None):
        grant(shown(shop, category, last_day))
    Permit.objects.filter(category=None).update(state="withdrawn")
    newer = shown(shop, wine, None)

    assert standing.warn_of_permits(actor=SYSTEM) == 0
    standing.decide_permit(actor=SYSTEM, permit_id=newer.pk, granted=False, reason="Blurred.")
    assert standing.warn_of_permits(actor=SYSTEM) == 1


def test_a_licence_of_the_business_is_asked_for_anew_like_any_permit() -> None:
    shop = make.shop()
    grant(shown(shop, None, (clock.now() + dt.timedelta(days=20)).date()))
    shown(shop, None, None)

    assert standing.warn_of_permits(actor=SYSTEM) == 0


def test_another_last_day_is_warned_of_again(wine: Category) -> None:
    today = clock.now()
    permit = grant(shown(make.shop(), wine, (today + dt.timedelta(days=5)).date()))
    assert standing.warn_of_permits(actor=SYSTEM) == 1

    Permit.objects.filter(pk=permit.pk).update(valid_until=(today + dt.timedelta(days=9)).date())

    assert [standing.warn_of_permits(actor=SYSTEM) for _twice in range(2)] == [1, 0]
