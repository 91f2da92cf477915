"""The right code typed in two browsers at once, and guesses that race the counter."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people.actions import sign_in
from banyan.people.actions.sign_in import CodeSpent
from banyan.people.models import Account, SignInCode
from tests.support.threads import run_at_once, run_concurrently

GUEST = Actor.guest()


def test_one_code_in_many_browsers_signs_in_one(threaded_db: None) -> None:
    attempt = people.request_code(actor=GUEST, contact="ana@example.com")
    code = sign_in._code_of(attempt)

    results = run_concurrently(
        lambda: people.verify_code(actor=GUEST, token=attempt.token, code=code), 4
    )

    assert sum(isinstance(result, people.Finished) for result in results) == 1
    assert sum(isinstance(result, CodeSpent) for result in results) == 3
    assert Account.objects.count() == 1


def test_two_codes_for_one_new_contact_make_one_account(threaded_db: None) -> None:
    attempts = [people.request_code(actor=GUEST, contact="ana@example.com") for _ in range(3)]

    def finish(attempt: SignInCode) -> people.Finished:
        return people.verify_code(actor=GUEST, token=attempt.token, code=sign_in._code_of(attempt))

    results = run_at_once(*[lambda a=a: finish(a) for a in attempts])

    assert all(isinstance(result, people.Finished) for result in results)
    assert Account.objects.count() == 1
    assert {result.account.pk for result in results} == {Account.objects.get().pk}


def guess_at_once(n: int) -> int:
    """Guess wrongly in ``n`` threads at once; return how many guesses were looked at."""
    attempt = people.request_code(actor=GUEST, contact="ana@example.com")
    wrong = f"{(int(sign_in._code_of(attempt)) + 1) % 1_000_000:06d}"
    results = run_concurrently(
        lambda: people.verify_code(actor=GUEST, token=attempt.token, code=wrong), n
    )
    assert all(isinstance(result, Invalid) for result in results)
    return sum(result.code == "code_wrong" for result in results)


def test_guesses_at_once_are_counted_one_by_one(threaded_db: None) -> None:
    assert guess_at_once(12) == sign_in.ATTEMPTS


def test_without_the_conditional_count_more_guesses_get_through(
    threaded_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = QuerySet.update

    def blind(self: QuerySet[SignInCode], **changes: object) -> int:
        if self.model is SignInCode and "attempts" in changes:
            return 1
        return real(self, **changes)

    monkeypatch.setattr(QuerySet, "update", blind)
    assert guess_at_once(12) > sign_in.ATTEMPTS
