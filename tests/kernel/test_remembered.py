"""Remembered queries say what the ordinary ones say, and refuse what they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Model, OuterRef, Q, QuerySet
from django.db.models.signals import ModelSignal, post_init
from django.test.utils import CaptureQueriesContext

from banyan.catalog.models import Product, Shop, Variant
from banyan.kernel import clock
from banyan.kernel.ids import new_ids
from banyan.kernel.models import Flag, StoredEvent
from banyan.kernel.remembered import (
    Change,
    change,
    change_each,
    get,
    insert,
    insert_once,
    insert_together,
    reload,
    remembered,
    run,
    spelled,
)
from banyan.people.models import Account
from tests.support import factories

pytestmark = pytest.mark.django_db


@contextmanager
def heard(signal: ModelSignal, model: type[Model]) -> Iterator[list[Model]]:
    """Collect what a signal tells of a model."""
    told: list[Model] = []

    def listen(instance: Model, **_rest: object) -> None:
        told.append(instance)

    signal.connect(listen, sender=model)
    yield told
    signal.disconnect(listen, sender=model)


@remembered
def _at(shop_slug: str, slug: str) -> QuerySet[Product]:
    products = Product.objects.select_related("shop__owner", "category")
    return products.filter(shop__slug__iexact=shop_slug, slug=slug)


@remembered
def _several(ids: list[int], state: str) -> QuerySet[Product]:
    return Product.objects.filter(Q(state=state) | Q(title=""), pk__in=ids).order_by("-id")


def test_it_finds_the_same_rows_with_their_relations_at_every_call() -> None:
    """Given two products, each is found by its own values, with shop and owner loaded."""
    first, second = factories.product(), factories.product()

    for wanted in (first, second, first):
        found = _at.first(wanted.shop.slug.upper(), wanted.slug)

        assert found == wanted
        assert found.shop.owner.handle == wanted.shop.owner.handle
        assert found.category is None
        assert found.texts == wanted.texts
    assert _at.first("nowhere", first.slug) is None


@remembered
def _with_places(slug: str) -> QuerySet[Any]:
    variants = Variant.objects.filter(product_id=OuterRef("pk")).order_by("-id")
    places = ArraySubquery(variants.values("position"))
    return Product.objects.select_related("shop").filter(slug=slug).annotate(places=places)


def test_what_is_annotated_comes_with_the_row_beside_its_relations() -> None:
    """Given two products, each carries the list of its own variants, the latter an empty one."""
    first, second = factories.product(), factories.product()
    Variant.objects.filter(product=second).delete()
    expected = list(
        Variant.objects.filter(product=first).order_by("-id").values_list("position", flat=True)
    )

    assert expected
    assert _with_places(first.slug)[0].places == expected
    [found] = _with_places(second.slug)
    assert found.places == []
    assert found.shop == second.shop


def test_related_rows_need_no_further_statement(django_assert_num_queries: Any) -> None:
    """What select_related names comes with the one statement."""
    product = factories.product()
    slug, at = product.shop.slug, product.slug
    with django_assert_num_queries(1):
        found = _at.first(slug, at)
        assert found is not None
        assert found.shop.owner.handle


def test_what_was_read_is_as_django_reads_it() -> None:
    """A row, what it names and what it leaves out are the ORM's own; who listens is told."""
    product = factories.product()
    Product.objects.filter(pk=product.pk).update(texts={"en": {"title": "T"}})

    def partly(pk: int) -> QuerySet[Product]:
        rows = Product.objects.filter(pk=pk).select_related("shop__owner", "category")
        return rows.only("title", "texts", "shop__name", "shop__owner__handle", "category__slug")

    ours, [its] = remembered(partly).first(product.pk), partly(product.pk)
    assert ours is not None
    for one, other in ((ours, its), (ours.shop, its.shop), (ours.shop.owner, its.shop.owner)):
        assert one.get_deferred_fields() == other.get_deferred_fields() != set()
        assert (one._state.adding, one._state.db) == (other._state.adding, other._state.db)
        read = {name: value for name, value in vars(one).items() if name != "_state"}
        assert read == {name: value for name, value in vars(other).items() if name != "_state"}
    assert ours.category is None
    assert ours.slug == product.slug  # read when it is asked for
    with heard(post_init, Shop) as made:
        assert remembered(lambda pk: Shop.objects.filter(pk=pk)).first(product.shop_id) in made


def test_lists_of_any_length_are_taken() -> None:
    """Given lists of none, one, three and more than are remembered, each has its rows."""
    products = [factories.product() for _ in range(3)]
    ids = [product.pk for product in products]

    assert _several([], "draft") == []
    for count in (1, 3, 2, 3):
        wanted = sorted(ids[:count], reverse=True)
        states = {product.state for product in products}
        assert [one.pk for one in _several(ids[:count], states.pop())] == wanted
    many = [*ids, *range(1, 60)]
    assert {one.pk for one in _several(many, products[0].state)} == set(ids)


def test_a_number_that_no_column_holds_finds_nothing() -> None:
    """A number beyond 64 bits, as an address may carry, is no error."""
    assert _several([2**70], "draft") == []


def test_a_changed_row_is_read_anew() -> None:
    """Only the statement is remembered, never what it found."""
    product = factories.product()
    assert _at.first(product.shop.slug, product.slug) is not None

    Product.objects.filter(pk=product.pk).update(title="Another")

    found = _at.first(product.shop.slug, product.slug)
    assert found is not None
    assert found.title == "Another"


def test_a_query_that_bends_its_arguments_is_refused() -> None:
    """An argument that does not reach the statement as it is would be remembered for ever."""

    @remembered
    def bent(title: str) -> QuerySet[Product]:
        return Product.objects.filter(title__contains=title)

    @remembered
    def ignored(title: str) -> QuerySet[Product]:
        return Product.objects.all()

    for query in (bent, ignored):
        with pytest.raises(TypeError, match="as they are"):
            query("cup")


def test_get_reload_change_and_insert_do_what_the_ordinary_verbs_do() -> None:
    """Given a row, it is found, changed on a condition, read again, and written anew."""
    shop = factories.shop()
    same = get(Shop, shop.pk)
    assert same == shop
    assert not change(same, {"name": "Not its name"}, {"name": "Never"})
    assert change(same, {"name": shop.name}, {"name": "New", "cover": None})
    assert same.name == shop.name
    reload(same)
    assert same.name == "New"
    with pytest.raises(Shop.DoesNotExist):
        get(Shop, 1)

    rows = insert(*(Account(handle=f"made{n}", created_at=shop.created_at) for n in range(3)))

    assert insert() == []
    assert [Account.objects.get(pk=row.pk).handle for row in rows] == ["made0", "made1", "made2"]
    assert not any(row._state.adding for row in rows)


def test_rows_of_two_models_that_name_each_other_are_one_statement(
    django_assert_num_queries: Any,
) -> None:
    """Given ids made before, an account and two shops of it are written together."""
    now = factories.shop().created_at
    owner_id, *shop_ids = new_ids(3)
    owner = Account(id=owner_id, handle="made-before", created_at=now)
    shops = [
        Shop(id=shop_id, owner_id=owner_id, slug=f"s{shop_id}", name="S", created_at=now)
        for shop_id in shop_ids
    ]
    with django_assert_num_queries(1):
        insert_together([owner], shops)
    assert Account.objects.get(pk=owner_id).handle == "made-before"
    assert set(Shop.objects.filter(owner=owner).values_list("pk", flat=True)) == set(shop_ids)
    assert len({owner_id, *shop_ids}) == 3


def test_rows_of_many_columns_are_written_by_as_few_statements_as_pay(
    django_assert_num_queries: Any,
) -> None:
    """Given very many columns, one statement more; as many for any number of rows."""
    now = factories.shop().created_at

    def events(count: int) -> list[StoredEvent]:
        return [
            StoredEvent(name="x", subject_id=n, payload={}, actor_kind="a", occurred_at=now)
            for n in range(count)
        ]

    def accounts(count: int) -> list[Account]:
        return [Account(id=made, handle=f"many{made}", created_at=now) for made in new_ids(count)]

    width = len(StoredEvent._meta.concrete_fields) - 1
    assert width * 15 <= 120 < width * 16
    for rows in (1, 4):
        with django_assert_num_queries(1):
            insert_together(*(events(rows) for _ in range(15)))
        with django_assert_num_queries(2):
            insert_together(*(events(rows) for _ in range(16)))
        made = accounts(rows)
        with django_assert_num_queries(1):
            insert_together(made, told := events(rows))
        assert all(StoredEvent.objects.filter(pk=one.pk).exists() for one in told)
        assert Account.objects.filter(pk__in=[one.pk for one in made]).count() == rows


def test_changes_of_several_rows_tell_which_of_them_were_done(
    django_assert_num_queries: Any,
) -> None:
    """Given two conditional changes with notes, one that holds: it and its note are written."""
    one, other = factories.shop(), factories.shop()

    def note() -> StoredEvent:
        now = clock.now()
        return StoredEvent(name="x", subject_id=1, payload={}, actor_kind="a", occurred_at=now)

    written, lost = note(), note()
    with django_assert_num_queries(1):
        done = change_each(
            Change(one, {"name": one.name}, {"name": "New"}, [written]),
            Change(other, {"name": "not this"}, {"name": "Never"}, [lost]),
        )
    assert done == [True, False]
    assert StoredEvent.objects.get(name="x").pk == written.pk
    assert lost.pk is None
    assert Shop.objects.get(pk=one.pk).name == "New"
    assert Shop.objects.get(pk=other.pk).name == other.name


def test_rows_whose_unique_field_is_taken_are_not_written(
    django_assert_num_queries: Any,
) -> None:
    """Of rows with a position in use none is written, and nothing raised; others get their ids."""

    def event(position: int) -> StoredEvent:
        now = clock.now()
        return StoredEvent(
            name="x", subject_id=1, payload={}, actor_kind="a", occurred_at=now, position=position
        )

    first, again, other, twin, last = (event(n) for n in (1, 1, 2, 2, 3))
    assert insert_once([first], "position") == [first]
    assert insert_once([again], "position") == []
    with django_assert_num_queries(1):
        assert insert_once([last, again, other, twin], "position") == [last, other]
    assert again.pk is twin.pk is None
    assert insert_once(list[StoredEvent](), "position") == []
    stored = StoredEvent.objects.order_by("position").values_list("pk", "position")
    assert list(stored) == [(first.pk, 1), (other.pk, 2), (last.pk, 3)]


def test_writing_is_one_statement(django_assert_num_queries: Any) -> None:
    """Three rows are one INSERT."""
    now = factories.shop().created_at
    with django_assert_num_queries(1) as seen:
        insert(*(Account(handle=f"one{n}", created_at=now) for n in range(3)))
    assert isinstance(seen, CaptureQueriesContext)
    assert Flag.objects.count() == 0


def test_a_long_statement_is_translated_once() -> None:
    """psycopg remembers statements of more than its own limits; see ``config.statements``."""
    from psycopg import _queries

    sql = f"SELECT {', '.join(['%s'] * 100)} -- {'x' * 6_000}"
    with connection.cursor() as cursor:
        cursor.execute(sql, list(range(100)))
        before = _queries._query2pg.cache_info()
        cursor.execute(sql, list(range(100)))
        after = _queries._query2pg.cache_info()
        assert len(cursor.fetchone()) == 100
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_a_set_is_spelled_out_for_a_statement_of_ones_own() -> None:
    ana, ben = factories.member("ana"), factories.member("ben")
    somebody = -1
    rows = Account.objects.filter(pk=somebody, is_active=True, display_name__contains="%")
    Account.objects.filter(pk=ana.pk).update(display_name="100 % tea")

    sql = spelled(rows.values("pk"), {somebody: "%(who)s"})

    assert sql.count("%(who)s") == 1
    assert run(sql, {"who": ana.pk}).fetchall() == [(ana.pk,)]
    assert run(sql, {"who": ben.pk}).fetchall() == []


def test_what_may_be_another_each_time_is_not_spelled_out() -> None:
    with pytest.raises(TypeError, match="another each time"):
        spelled(Account.objects.filter(created_at__lt=clock.now()), {})
