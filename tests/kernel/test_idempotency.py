"""Keys and form tokens: once, replayed, refused, taken over."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.kernel import clock, idempotency
from banyan.kernel.actors import Actor
from banyan.kernel.idempotency import FormExpired, Fresh, Replay
from banyan.kernel.models import IdempotencyRecord
from banyan.kernel.problems import IdempotencyInFlight, IdempotencyMismatch, Invalid

pytestmark = pytest.mark.django_db

ANA, BEN = Actor(kind="member", id=1), Actor(kind="member", id=2)


def _once(actor: Actor = ANA, key: str = "k", fingerprint: str = "f") -> Fresh | Replay:
    return idempotency.once(client="api", actor=actor, key=key, fingerprint=fingerprint)


def _fresh(actor: Actor = ANA, key: str = "k", fingerprint: str = "f") -> Fresh:
    attempt = _once(actor, key, fingerprint)
    assert isinstance(attempt, Fresh)
    return attempt


def test_the_second_attempt_gets_the_first_answer() -> None:
    assert _fresh().store({"order": "123"})
    assert _once() == Replay(response={"order": "123"})


def test_another_body_is_refused_and_changes_nothing() -> None:
    _fresh().store({"order": "123"})
    with pytest.raises(IdempotencyMismatch) as refused:
        _once(fingerprint="other")
    assert (refused.value.status, refused.value.code) == (422, "idempotency_mismatch")
    assert _once() == Replay(response={"order": "123"})


def test_another_body_is_refused_in_flight_and_after_the_lock_lapsed() -> None:
    _fresh()
    with clock.at(clock.now() + dt.timedelta(hours=1)), pytest.raises(IdempotencyMismatch):
        _once(fingerprint="other")


def test_in_flight_is_a_conflict_with_a_hint() -> None:
    _fresh()
    with pytest.raises(IdempotencyInFlight) as refused:
        _once()
    assert (refused.value.status, refused.value.retry_after) == (409, 1)


def test_keys_belong_to_client_and_actor() -> None:
    _fresh(ANA).store({"who": "ana"})
    assert isinstance(_once(BEN), Fresh)
    other_client = idempotency.once(client="app", actor=ANA, key="k", fingerprint="f")
    assert isinstance(other_client, Fresh)


def test_actors_that_nothing_tells_apart_have_no_keys() -> None:
    with pytest.raises(ValueError, match="told from others"):
        _once(Actor.guest())
    assert isinstance(_once(Actor.guest("visitor-1")), Fresh)


@pytest.mark.parametrize("key", ["", "x" * 121])
def test_useless_keys_are_refused(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        _once(key=key)
    assert refused.value.code == "idempotency_key_invalid"


@pytest.mark.parametrize("status", sorted(idempotency.RETRYABLE))
def test_retryable_answers_are_not_stored(status: int) -> None:
    _fresh().settle(status=status, response={"code": "busy"})
    assert not IdempotencyRecord.objects.exists()
    assert isinstance(_once(), Fresh)


@pytest.mark.parametrize("status", [200, 201, 404, 409, 422])
def test_final_answers_are_stored(status: int) -> None:
    _fresh().settle(status=status, response={"status": status})
    assert _once() == Replay(response={"status": status})


def test_a_lapsed_lock_is_taken_over_and_the_slow_one_cannot_answer_any_more() -> None:
    slow = _fresh()
    with clock.at(clock.now() + dt.timedelta(seconds=idempotency.LOCK_SECONDS + 1)):
        fast = _fresh()
    assert fast.record_id == slow.record_id
    assert not slow.store({"from": "slow"})
    slow.release()
    assert fast.store({"from": "fast"})
    assert _once() == Replay(response={"from": "fast"})


def test_a_form_token_works_once_and_shows_the_first_result_again() -> None:
    token = idempotency.new_form_token()
    first = idempotency.form_once(token)
    assert isinstance(first, Fresh)
    first.store({"redirect": "/orders/1"})
    assert idempotency.form_once(token) == Replay(response={"redirect": "/orders/1"})
    assert isinstance(idempotency.form_once(idempotency.new_form_token()), Fresh)


@pytest.mark.parametrize("token", ["", "zz", "-", "ffffffffffffffff-x", "0-" + "a" * 24])
def test_malformed_form_tokens_ask_for_a_new_form(token: str) -> None:
    with pytest.raises(FormExpired) as refused:
        idempotency.form_once(token)
    assert (refused.value.status, refused.value.code) == (422, "form_expired")
    assert not IdempotencyRecord.objects.exists()


def test_a_token_never_outlives_its_record() -> None:
    assert idempotency.FORM_LIFE < idempotency.KEPT
    token = idempotency.new_form_token()
    with clock.at(clock.now() + idempotency.FORM_LIFE), pytest.raises(FormExpired):
        idempotency.form_once(token)


def test_old_records_are_forgotten() -> None:
    _fresh(key="old")
    with clock.at(clock.now() + idempotency.KEPT + dt.timedelta(seconds=1)):
        _fresh(key="new")
        assert idempotency.forget_old() == 1
    assert IdempotencyRecord.objects.get().key == "new"


def test_fingerprints_tell_parts_from_one_another() -> None:
    make = idempotency.fingerprint
    assert make("POST", "/a", b"b") == make("POST", "/a", b"b")
    assert len({make("POST", "/ab"), make("POST", "/a", "b"), make("POST/ab")}) == 3
