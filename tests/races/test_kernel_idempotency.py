"""One key, many threads: the effect happens once."""

from __future__ import annotations

import time

import pytest
from django.db import transaction

from banyan.kernel import audit, idempotency
from banyan.kernel.actors import Actor
from banyan.kernel.idempotency import Replay
from banyan.kernel.models import AuditEntry, IdempotencyRecord
from banyan.kernel.problems import IdempotencyInFlight
from tests.support.threads import run_concurrently
from tests.support.weakened import rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")

ANA = Actor(kind="member", id=1)


def _effect() -> dict[str, str]:
    with transaction.atomic():
        entry = audit.record(actor=ANA, action="test.act", subject_kind="test", subject_id=1)
        time.sleep(0.05)
    return {"entry": str(entry.pk)}


def _request() -> dict[str, str]:
    attempt = idempotency.once(client="api", actor=ANA, key="k", fingerprint="f")
    if isinstance(attempt, Replay):
        return attempt.response
    answer = _effect()
    attempt.settle(status=201, response=answer)
    return answer


def test_one_effect_and_the_others_are_in_flight_or_replays() -> None:
    results = run_concurrently(_request, 8)
    assert AuditEntry.objects.count() == 1
    answers = [r for r in results if isinstance(r, dict)]
    refused = [r for r in results if isinstance(r, IdempotencyInFlight)]
    assert len(answers) + len(refused) == 8, results
    assert len({a["entry"] for a in answers}) == 1
    assert _request() == answers[0]


def test_inside_the_transaction_all_get_the_answer_of_the_one() -> None:
    def request() -> dict[str, str]:
        with transaction.atomic():
            return _request()

    results = run_concurrently(request, 6)
    assert AuditEntry.objects.count() == 1
    assert {r["entry"] for r in results} == {str(AuditEntry.objects.get().pk)}


def test_a_form_sent_twice_at_once_has_one_effect() -> None:
    token = idempotency.new_form_token()

    def submit() -> dict[str, str]:
        with transaction.atomic():
            attempt = idempotency.form_once(token)
            if isinstance(attempt, Replay):
                return attempt.response
            answer = _effect()
            attempt.store(answer)
            return answer

    results = run_concurrently(submit, 4)
    assert AuditEntry.objects.count() == 1
    assert {r["entry"] for r in results} == {str(AuditEntry.objects.get().pk)}


def test_negative_control_looking_first_has_many_effects() -> None:
    all_looked = rendezvous(4)

    def request() -> dict[str, str]:
        known = IdempotencyRecord.objects.filter(client="api", key="k").first()
        if known is not None:
            return known.response or {}
        all_looked()
        return _effect()

    run_concurrently(request, 4)
    assert AuditEntry.objects.count() > 1
