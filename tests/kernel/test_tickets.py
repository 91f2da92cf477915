"""One ticket sale, step by step: claim, use, lapse, sweep, raise, close."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction

from banyan.kernel import clock, tickets
from banyan.kernel.models import TicketClaim, TicketPool, TicketRelease
from banyan.kernel.problems import Conflict, NotFound, SoldOut

pytestmark = pytest.mark.django_db

LATER = tickets.LONGEST_TRANSACTION


def _sale(stock: int = 3) -> int:
    return tickets.open_sale(kind="sku", subject_id=1, stock=stock).pk


def _claim(pool: int, n: int = 1, holder: str = "ana") -> list[int]:
    return [c.pk for c in tickets.claim(pool_id=pool, holder=holder, quantity=n)]


def _numbers(pool: int) -> list[int]:
    rows = TicketClaim.objects.filter(pool_id=pool).order_by("number")
    return list(rows.values_list("number", flat=True))


def _burn(pool: int, n: int) -> None:
    """Draw ``n`` numbers that never arrive: what a killed claim leaves."""
    name = TicketPool.objects.get(pk=pool).sequence_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [name, n])


def _quiet(pool: int) -> None:
    assert tickets.balance(pool).consistent, tickets.balance(pool)


def test_claims_are_numbers_of_the_stock_then_sold_out() -> None:
    pool = _sale(3)
    assert tickets.left(pool) == 3
    _claim(pool, 2)
    _claim(pool)
    assert _numbers(pool) == [1, 2, 3]
    with pytest.raises(SoldOut):
        _claim(pool)
    assert tickets.left(pool) == 0
    _quiet(pool)


def test_a_quantity_is_all_or_nothing() -> None:
    pool = _sale(3)
    _claim(pool, 2)
    with pytest.raises(SoldOut):
        _claim(pool, 2)
    _quiet(pool)
    assert len(_claim(pool)) == 1, "the number of the refused pair can be had at once"


def test_used_claims_stay_and_unused_ones_lapse() -> None:
    pool = _sale(2)
    used, unused = _claim(pool), _claim(pool)
    tickets.use(claims=used, holder="ana")
    with clock.at(clock.now() + tickets.TTL):
        assert tickets.sweep() == 1
        with pytest.raises(Conflict) as refused:
            tickets.use(claims=unused, holder="ana")
        assert refused.value.code == "ticket_lapsed"
        assert len(_claim(pool, holder="ben")) == 1
        with pytest.raises(SoldOut):
            _claim(pool)
    _quiet(pool)


def test_a_lapsed_claim_cannot_be_used_even_before_the_sweep() -> None:
    pool = _sale(1)
    claims = _claim(pool)
    with clock.at(clock.now() + tickets.TTL), pytest.raises(Conflict):
        tickets.use(claims=claims, holder="ana")


def test_claims_are_used_by_their_holder_once_and_all_together() -> None:
    pool = _sale(3)
    mine, other = _claim(pool, 2), _claim(pool, holder="ben")
    with pytest.raises(Conflict), transaction.atomic():
        tickets.use(claims=[*mine, *other], holder="ana")
    assert not TicketClaim.objects.exclude(used_at=None).exists()
    tickets.use(claims=mine, holder="ana")
    with pytest.raises(Conflict):
        tickets.use(claims=mine, holder="ana")


def test_given_back_numbers_are_sold_again_once() -> None:
    pool = _sale(1)
    claims = _claim(pool)
    tickets.use(claims=claims, holder="ana")
    assert tickets.give_back(claims=claims) == 1
    assert tickets.give_back(claims=claims) == 0
    assert len(_claim(pool, holder="ben")) == 1
    _quiet(pool)


def test_lost_numbers_come_back_but_not_before_they_must_be_lost() -> None:
    pool = _sale(4)
    _claim(pool)
    _burn(pool, 2)
    _claim(pool)
    with pytest.raises(SoldOut):
        _claim(pool)
    assert not tickets.balance(pool).consistent
    start = clock.now()
    with clock.at(start):
        assert tickets.sweep() == 0, "sets the watermark"
    with clock.at(start + LATER - dt.timedelta(seconds=1)):
        assert tickets.sweep() == 0
    with clock.at(start + LATER):
        assert tickets.sweep() == 2
        _quiet(pool)
        assert len(_claim(pool, 2)) == 2
    assert _numbers(pool) == [1, 2, 3, 4]


def test_raising_after_sold_out_sells_exactly_the_new_ones() -> None:
    pool = _sale(2)
    _claim(pool, 2)
    _burn(pool, 5)
    tickets.raise_stock(pool_id=pool, stock=4)
    _quiet(pool)
    _claim(pool, 2)
    with pytest.raises(SoldOut):
        _claim(pool)
    tickets.raise_stock(pool_id=pool, stock=9)
    _claim(pool, 5)
    assert _numbers(pool) == list(range(1, 10))
    with pytest.raises(SoldOut):
        _claim(pool)
    _quiet(pool)


def test_stock_is_not_lowered() -> None:
    pool = _sale(2)
    with pytest.raises(ValueError, match="only be raised"):
        tickets.raise_stock(pool_id=pool, stock=1)


def test_a_release_of_a_claimed_number_is_dropped_and_the_next_one_taken() -> None:
    pool = _sale(2)
    _claim(pool)
    second = _claim(pool)
    tickets.give_back(claims=second)
    TicketRelease.objects.create(pool_id=pool, number=1)
    assert len(_claim(pool, holder="ben")) == 1
    assert _numbers(pool) == [1, 2]
    assert not TicketRelease.objects.exists()


def test_opening_again_is_the_same_sale_and_closing_ends_it() -> None:
    pool = _sale(3)
    assert _sale(99) == pool
    tickets.close_sale(pool_id=pool)
    with pytest.raises(SoldOut):
        _claim(pool)
    assert tickets.left(pool) == 0
    again = tickets.open_sale(kind="sku", subject_id=1, stock=1)
    assert again.pk != pool


def test_a_sequence_rests_before_it_serves_another_sale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "SEQUENCES", ("kernel_ticket_001",))
    pool = _sale(3)
    _claim(pool, 2)
    tickets.close_sale(pool_id=pool)
    with pytest.raises(Conflict):
        tickets.open_sale(kind="sku", subject_id=2, stock=1)
    later = clock.now() + tickets.SEQUENCE_REST + dt.timedelta(seconds=1)
    with clock.at(later):
        new = tickets.open_sale(kind="sku", subject_id=2, stock=1).pk
        _claim(new)
    assert _numbers(new) == [1]
    _quiet(new)


def test_a_claim_commits_alone() -> None:
    pool = _sale(1)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        _claim(pool)


def test_unknown_pools() -> None:
    with pytest.raises(SoldOut):
        _claim(404)
    for ask in (tickets.balance, lambda pool: tickets.raise_stock(pool_id=pool, stock=1)):
        with pytest.raises(NotFound):
            ask(404)


def test_every_sequence_of_the_pool_exists_without_cache() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, cache_size FROM pg_sequences")
        found = dict(cursor.fetchall())
    assert {found[name] for name in tickets.SEQUENCES} == {1}
