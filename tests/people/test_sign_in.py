"""A typed code proves a contact; a new contact becomes a new account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Forbidden, Invalid, NotFound, TooMany
from banyan.people import actions as people
from banyan.people import ports
from banyan.people.actions.accounts import ContactTaken
from banyan.people.actions.sign_in import ADD_CONTACT, CodeSpent
from banyan.people.models import Account, SignInCode, VisitorLink
from tests.support.factories import actor, member

from .conftest import Carrier

pytestmark = pytest.mark.django_db
GUEST = Actor.guest()


def ask(contact: str = "ana@example.com", **options: Any) -> SignInCode:
    """Ask for a code as a guest."""
    return people.request_code(actor=GUEST, contact=contact, **options)


def test_a_new_contact_becomes_a_new_account(carrier: Carrier) -> None:
    attempt = ask("Ana@Example.com", language="zh-hans")

    done = people.verify_code(actor=GUEST, token=attempt.token, code=carrier.to("ana@example.com"))

    assert done.created
    assert done.account.email == "ana@example.com"
    assert done.account.language == "zh-hans"
    assert not done.account.has_usable_password()
    assert done.account.profile.birthday_audience == "private"
    known = EmailAddress.objects.get(user=done.account)
    assert (known.email, known.verified, known.primary) == ("ana@example.com", True, True)
    names = list(StoredEvent.objects.order_by("id").values_list("name", flat=True))
    assert names == ["account.created", "account.contact_verified"]


def test_a_known_phone_signs_in_to_its_account(carrier: Carrier) -> None:
    ana = member(phone="+8613800138000")
    attempt = ask("138 0013 8000", region="CN")

    done = people.verify_code(actor=GUEST, token=attempt.token, code=carrier.to("+8613800138000"))

    assert (done.account, done.created) == (ana, False)
    assert Account.objects.count() == 1


def test_known_and_unknown_contacts_are_asked_alike(carrier: Carrier) -> None:
    member(email="known@example.com")

    known, unknown = ask("known@example.com"), ask("unknown@example.com")

    assert [channel for channel, _to, _code in carrier.carried] == ["email", "email"]
    hidden = {"id", "token", "salt", "contact", "created_at", "expires_at"}
    columns = [f.attname for f in SignInCode._meta.fields if f.attname not in hidden]
    assert [getattr(known, c) for c in columns] == [getattr(unknown, c) for c in columns]
    assert Account.objects.count() == 1


def test_the_code_is_nowhere_in_the_database(carrier: Carrier) -> None:
    attempt = ask()
    row = SignInCode.objects.values().get(pk=attempt.pk)
    assert carrier.to("ana@example.com") not in str(
        {**row, "id": 0, "created_at": 0, "expires_at": 0}
    )


def test_a_code_works_once(carrier: Carrier) -> None:
    attempt = ask()
    code = carrier.to("ana@example.com")
    people.verify_code(actor=GUEST, token=attempt.token, code=code)
    with pytest.raises(CodeSpent):
        people.verify_code(actor=GUEST, token=attempt.token, code=code)
    assert Account.objects.count() == 1


def test_blanks_in_a_typed_code_do_not_matter(carrier: Carrier) -> None:
    attempt = ask()
    code = carrier.to("ana@example.com")
    people.verify_code(actor=GUEST, token=attempt.token, code=f" {code[:3]} {code[3:]} ")


def test_five_wrong_tries_end_a_code_even_for_the_right_one(carrier: Carrier) -> None:
    attempt = ask()
    code = carrier.to("ana@example.com")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    lefts = []
    for _try in range(5):
        with pytest.raises(Invalid) as refused:
            people.verify_code(actor=GUEST, token=attempt.token, code=wrong)
        assert refused.value.code == "code_wrong"
        lefts.append(refused.value.extra["left"])
    assert lefts == [4, 3, 2, 1, 0]
    with pytest.raises(CodeSpent):
        people.verify_code(actor=GUEST, token=attempt.token, code=code)
    assert not Account.objects.exists()


def test_a_code_ends_after_ten_minutes(carrier: Carrier) -> None:
    start = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    with clock.at(start):
        attempt = ask()
    code = carrier.to("ana@example.com")
    with clock.at(start + dt.timedelta(minutes=10)), pytest.raises(CodeSpent):
        people.verify_code(actor=GUEST, token=attempt.token, code=code)
    with clock.at(start + dt.timedelta(minutes=9, seconds=59)):
        people.verify_code(actor=GUEST, token=attempt.token, code=code)


def test_a_new_code_ends_the_one_before_and_gives_new_tries(carrier: Carrier) -> None:
    attempt = ask()
    first = carrier.to("ana@example.com")
    with pytest.raises(Invalid):
        people.verify_code(actor=GUEST, token=attempt.token, code="x")

    people.resend_code(actor=GUEST, token=attempt.token)

    second = carrier.to("ana@example.com")
    assert second != first
    with pytest.raises(Invalid):
        people.verify_code(actor=GUEST, token=attempt.token, code=first)
    people.verify_code(actor=GUEST, token=attempt.token, code=second)


@pytest.mark.usefixtures("midday")
def test_codes_are_sent_so_often_and_no_oftener(carrier: Carrier) -> None:
    attempt = ask()
    for _again in range(3):
        people.resend_code(actor=GUEST, token=attempt.token)
    with pytest.raises(TooMany) as refused:
        people.resend_code(actor=GUEST, token=attempt.token)
    assert refused.value.code == "sent_enough"
    ask()
    ask()
    with pytest.raises(TooMany):
        ask()
    assert len(carrier.carried) == 6
    ask("ben@example.com")


@pytest.mark.usefixtures("midday")
def test_guessing_at_one_contact_is_limited_over_all_its_codes(carrier: Carrier) -> None:
    refusals = []
    for _round in range(5):
        attempt = ask()
        code = carrier.to("ana@example.com")
        for step in range(5):
            wrong = f"{(int(code) + 1 + step) % 1_000_000:06d}"
            with pytest.raises((Invalid, TooMany)) as refused:
                people.verify_code(actor=GUEST, token=attempt.token, code=wrong)
            refusals.append(refused.value.code)
    assert refusals == ["code_wrong"] * 20 + ["too_many"] * 5


@pytest.mark.usefixtures("midday")
def test_a_stranger_who_asks_and_guesses_keeps_nobody_out(carrier: Carrier) -> None:
    """Whoever knows an address can ask for codes to it: the limits are theirs, not its owner's."""
    there, home = "203.0.113.9", "198.51.100.7"
    for _n in range(4):
        attempt = ask(source=there)
        code = carrier.to("ana@example.com")
        for step in range(5):
            wrong = f"{(int(code) + 1 + step) % 1_000_000:06d}"
            with pytest.raises(Invalid):
                people.verify_code(actor=GUEST, token=attempt.token, code=wrong, source=there)
    ask(source=there)
    last = ask(source=there)
    with pytest.raises(TooMany):
        ask(source=there)
    with pytest.raises(TooMany):
        people.verify_code(actor=GUEST, token=last.token, code="000000", source=there)

    mine = ask(source=home)
    done = people.verify_code(
        actor=GUEST, token=mine.token, code=carrier.to("ana@example.com"), source=home
    )
    assert done.account.email == "ana@example.com"


def test_from_however_many_places_one_contact_is_sent_so_many_codes_a_day(
    carrier: Carrier,
) -> None:
    begin = clock.now().replace(hour=0, minute=5)
    for n in range(80):
        with clock.at(begin + n * dt.timedelta(minutes=15)):
            ask(source=f"203.0.113.{n % 8}")
    with clock.at(begin + 80 * dt.timedelta(minutes=15)), pytest.raises(TooMany):
        ask(source="198.51.100.7")
    assert len(carrier.carried) == 80


def test_what_is_no_contact_is_refused_with_its_field(carrier: Carrier) -> None:
    for text in ("", "hello", "ana@", "12"):
        with pytest.raises(Invalid) as refused:
            ask(text)
        assert set(refused.value.fields) == {"contact"}
    assert not carrier.carried


def test_a_channel_that_is_not_set_up_is_not_offered(carrier: Carrier, settings: Any) -> None:
    settings.SIGN_IN_CHANNELS = ("email",)
    with pytest.raises(Invalid):
        ask("+8613800138000")
    assert not SignInCode.objects.exists()


def test_a_closed_account_does_not_open(carrier: Carrier) -> None:
    member(email="ana@example.com", is_active=False)
    attempt = ask()
    with pytest.raises(Forbidden) as refused:
        people.verify_code(actor=GUEST, token=attempt.token, code=carrier.to("ana@example.com"))
    assert refused.value.code == "account_closed"


def test_an_unknown_token_opens_nothing(carrier: Carrier) -> None:
    with pytest.raises(NotFound):
        people.verify_code(actor=GUEST, token="nothing", code="123456")


def test_a_member_proves_a_second_contact(carrier: Carrier) -> None:
    ana = member(email="ana@example.com")
    attempt = people.request_code(actor=actor(ana), contact="+8613800138000", purpose=ADD_CONTACT)
    people.verify_code(actor=actor(ana), token=attempt.token, code=carrier.to("+8613800138000"))
    ana.refresh_from_db()
    assert (ana.email, ana.phone) == ("ana@example.com", "+8613800138000")


def test_a_contact_of_somebody_else_stays_theirs(carrier: Carrier) -> None:
    ana, ben = member(), member(email="ben@example.com")
    attempt = people.request_code(actor=actor(ana), contact="ben@example.com", purpose=ADD_CONTACT)
    code = carrier.to("ben@example.com")
    with pytest.raises(ContactTaken):
        people.verify_code(actor=actor(ana), token=attempt.token, code=code)
    ana.refresh_from_db()
    ben.refresh_from_db()
    assert (ana.email, ben.email) == (None, "ben@example.com")


def test_only_the_account_that_asked_can_finish_adding_a_contact(carrier: Carrier) -> None:
    ana, eve = member(), member()
    attempt = people.request_code(actor=actor(ana), contact="ana@example.com", purpose=ADD_CONTACT)
    code = carrier.to("ana@example.com")
    with pytest.raises(NotFound):
        people.verify_code(actor=actor(eve), token=attempt.token, code=code)
    assert not Account.objects.filter(email="ana@example.com").exists()


def test_a_browser_s_visitor_and_cart_are_joined_and_a_failing_hook_keeps_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    joined: list[tuple[int, str | None, str]] = []

    def broken(**kwargs: Any) -> None:
        raise RuntimeError("a fault above")

    def hook(*, account: Account, visitor: str | None, request_token: str) -> None:
        joined.append((account.pk, visitor, request_token))

    monkeypatch.setattr(ports, "on_sign_in", [broken, hook])
    ana = member()

    people.join_browser(account=ana, visitor="v1", cart_token="c1")
    people.join_browser(account=ana, visitor="v1", cart_token="c1")

    assert joined == [(ana.pk, "v1", "c1")] * 2
    assert VisitorLink.objects.get().account == ana


def test_old_codes_are_forgotten(carrier: Carrier) -> None:
    with clock.at(clock.now() - dt.timedelta(days=8)):
        ask()
    ask()
    assert people.forget_old_codes() == 1
    assert SignInCode.objects.count() == 1


def test_handles_are_taken_without_regard_to_case(carrier: Carrier) -> None:
    member("Ana")
    with pytest.raises(Invalid) as refused:
        people.create_account(actor=GUEST, contact=None, handle="ANA")
    assert refused.value.code == "handle_taken"
    ben = member("ben")
    with pytest.raises(Invalid):
        people.change_handle(actor=actor(ben), handle="@ana")
    people.change_handle(actor=actor(ben), handle="Ben")
    ben.refresh_from_db()
    assert ben.handle == "Ben"
