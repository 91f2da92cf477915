"""The same key: the first answer again, or a refusal that writes nothing."""

from __future__ import annotations

import json

import pytest

from banyan.kernel import idempotency
from banyan.kernel.models import IdempotencyRecord
from banyan.orders.models import Checkout, OrderRefund
from banyan.people.models import ApiToken
from tests.api.client import Program, errors, problem
from tests.api.dumps import rows_of_all_tables
from tests.support import factories as make

pytestmark = pytest.mark.django_db
KEY = "0f9b2c1d-7c1e-4a55-9a0e-8d6f1b7c3a21"


def _purchase(variant_id: int, email: str = "guest@example.com") -> dict[str, object]:
    return {
        "lines": [{"variant_id": str(variant_id)}],
        "contact": {"email": email},
        "address": make.ADDRESS,
    }


def test_burned_09_the_same_key_with_another_body_writes_nothing() -> None:
    item, guest = make.variant(), Program()
    guest.do("POST", "/checkouts", _purchase(item.pk), **{"Idempotency-Key": KEY})
    before = rows_of_all_tables()

    other = guest.send("POST", "/checkouts", _purchase(item.pk, "other@example.com"), key=KEY)

    assert problem(other) == (422, "idempotency_mismatch")
    assert rows_of_all_tables() == before


def test_burned_09_the_same_key_on_another_address_writes_nothing() -> None:
    owner = Program(make.member())
    shop = make.shop(owner.account)
    body = {"name": "New name"}
    owner.send("PATCH", f"/shops/{shop.pk}", body, key="k")
    other = make.shop(owner.account)
    before = rows_of_all_tables()
    assert problem(owner.send("PATCH", f"/shops/{other.pk}", body, key="k")) == (
        422,
        "idempotency_mismatch",
    )
    assert rows_of_all_tables() == before


def test_the_same_request_gets_the_first_answer_again() -> None:
    item, guest = make.variant(), Program()
    first = guest.send("POST", "/checkouts", _purchase(item.pk), key=KEY)
    again = guest.send("POST", "/checkouts", _purchase(item.pk), key=KEY)
    assert first.status_code == again.status_code == 201
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
    assert "Idempotent-Replayed" not in first.headers
    assert Checkout.objects.count() == 1


def test_a_key_belongs_to_whoever_sent_it() -> None:
    item, guest = make.variant(), Program()
    ana, ben = Program(make.member()), Program(make.member())
    answers = [who.send("POST", "/checkouts", _purchase(item.pk), key=KEY) for who in (ana, ben)]
    answers.append(guest.send("POST", "/checkouts", _purchase(item.pk), key=KEY))
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert Checkout.objects.count() == 3


def test_a_request_under_way_is_told_apart() -> None:
    ana = Program(make.member())
    assert ana.account is not None
    body = {"name": "Cups", "slug": "cups"}
    done = ana.send("POST", "/shops", body, key="one")
    assert done.status_code == 201
    IdempotencyRecord.objects.update(state="in_flight", locked_until="2999-01-01T00:00:00Z")
    refused = ana.send("POST", "/shops", body, key="one")
    assert problem(refused) == (409, "idempotency_in_flight")
    assert refused["Retry-After"] == "1"


def test_an_answer_that_asks_for_another_try_is_not_kept() -> None:
    guest = Program()
    refused = guest.send("POST", "/shops", {"name": "Cups", "slug": "cups"}, key=KEY)
    assert problem(refused) == (401, "login_required")
    assert not IdempotencyRecord.objects.exists()


def test_a_run_that_died_before_its_answer_finds_the_first_result() -> None:
    item, guest = make.variant(), Program()
    first = guest.do("POST", "/checkouts", _purchase(item.pk), **{"Idempotency-Key": KEY})
    # As after a crash between the effect and the answer: in flight, and its lock has lapsed.
    IdempotencyRecord.objects.update(state="in_flight", locked_until="2020-01-01T00:00:00Z")
    again = guest.do("POST", "/checkouts", _purchase(item.pk), **{"Idempotency-Key": KEY})
    assert again["id"] == first["id"]
    assert Checkout.objects.count() == 1


def test_money_does_not_move_without_a_key() -> None:
    item, guest = make.variant(), Program()
    refused = guest.send("POST", "/checkouts", _purchase(item.pk), key="")
    assert problem(refused) == (422, "idempotency_key_required")
    owner = Program(item.product.shop.owner)
    order = make.pay(make.place((item, 1))).orders.get()
    body = {"reason": "late", "amount": {"amount": 1, "currency": order.currency}}
    refused = owner.send("POST", f"/orders/{order.pk}/refunds", body, key="")
    assert problem(refused) == (422, "idempotency_key_required")
    assert not OrderRefund.objects.exists()


@pytest.mark.parametrize("key", ["short", "x" * 101, "with a space in it...", "ünïcödé-ünïcödé-1"])
def test_a_guest_names_a_long_key(key: str) -> None:
    refused = Program().send("POST", "/checkouts/quote", {}, key=key.encode().decode("latin-1"))
    assert "Idempotency-Key" in errors(refused)


def test_kept_answers_are_sealed() -> None:
    ana = Program(make.member())
    made = ana.do("POST", "/me/tokens", {"name": "mine"}, **{"Idempotency-Key": "t"})
    assert ana.do("POST", "/me/tokens", {"name": "mine"}, **{"Idempotency-Key": "t"}) == made
    kept = json.dumps(list(IdempotencyRecord.objects.values_list("response", flat=True)))
    assert made["secret"] not in kept
    assert ApiToken.objects.filter(name="mine").count() == 1
    assert IdempotencyRecord.objects.count() == 1
    assert idempotency.KEPT.days == 2
