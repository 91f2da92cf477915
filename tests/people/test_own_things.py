"""Profile, consent, addresses, tokens, roles and intents of one account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired, NotFound
from banyan.people import actions as people
from banyan.people import ports, queries
from banyan.people.access import agrees, visible_addresses
from banyan.people.models import Address, ApiToken, Consent, IntendedAction, StaffRole
from tests.support.factories import actor, member, staff

pytestmark = pytest.mark.django_db
HOME = {
    "country": "DE",
    "recipient": "Ana",
    "street": "Hauptstr. 5",
    "postcode": "10115",
    "level2": "Berlin",
}


def test_a_profile_is_changed_as_a_whole_or_not_at_all() -> None:
    ana = member("ana")
    people.change_profile(
        actor=actor(ana),
        handle="ana_b",
        display_name=" Ana B ",
        bio="Tea",
        birthday=dt.date(1990, 2, 3),
        birthday_audience="friends",
    )
    ana.refresh_from_db()
    assert (ana.handle, ana.display_name, ana.profile.bio) == ("ana_b", "Ana B", "Tea")

    with pytest.raises(Invalid) as refused:
        people.change_profile(
            actor=actor(ana),
            handle="other",
            display_name="",
            bio="x" * 301,
            birthday_audience="nobody",
        )

    assert set(refused.value.fields) == {"display_name", "bio", "birthday_audience"}
    ana.refresh_from_db()
    assert ana.handle == "ana_b"


def test_a_bad_handle_is_named_together_with_the_other_faults() -> None:
    ana = member("ana")
    with pytest.raises(Invalid) as refused:
        people.change_profile(actor=actor(ana), handle="a", display_name="")
    assert set(refused.value.fields) == {"handle", "display_name"}


def test_consent_is_a_no_until_it_is_given_and_keeps_its_history() -> None:
    ana = member()
    assert not any(one.granted for one in queries.consents_of(ana.pk))
    people.record_consent(actor=actor(ana), purpose="news_email", granted=False)
    assert not Consent.objects.exists()
    for answer in (True, True, False, True):
        people.record_consent(actor=actor(ana), purpose="news_email", granted=answer)
    assert list(Consent.objects.order_by("id").values_list("granted", flat=True)) == [
        True,
        False,
        True,
    ]
    assert agrees(ana.pk, "news_email")
    assert not agrees(ana.pk, "news_sms")
    with pytest.raises(Invalid):
        people.record_consent(actor=actor(ana), purpose="everything", granted=True)


def test_language_and_theme_are_ones_that_exist() -> None:
    ana = member()
    people.set_language(actor=actor(ana), language="zh-hant")
    people.set_theme(actor=actor(ana), theme="dark")
    ana.refresh_from_db()
    assert (ana.language, ana.theme) == ("zh-hant", "dark")
    with pytest.raises(Invalid):
        people.set_language(actor=actor(ana), language="xx")
    with pytest.raises(Invalid):
        people.set_theme(actor=actor(ana), theme="pink")


def test_the_address_book_always_has_one_default() -> None:
    ana = member()
    first = people.add_address(actor=actor(ana), fields=HOME)
    second = people.add_address(actor=actor(ana), fields=HOME | {"recipient": "Work"})
    assert first.is_default
    assert not second.is_default
    people.make_default(actor=actor(ana), address_id=second.pk)
    assert [a.pk for a in visible_addresses(actor(ana))] == [second.pk, first.pk]
    people.remove_address(actor=actor(ana), address_id=second.pk)
    assert [(a.pk, a.is_default) for a in visible_addresses(actor(ana))] == [(first.pk, True)]


def test_an_address_moves_to_another_country_without_leftovers() -> None:
    ana = member()
    address = people.add_address(actor=actor(ana), fields=HOME)
    moved = {
        "country": "CN",
        "recipient": "Ana",
        "phone": "13800138000",
        "level1": "浙江省",
        "level2": "杭州市",
        "street": "文三路",
    }
    people.change_address(actor=actor(ana), address_id=address.pk, fields=moved)
    address.refresh_from_db()
    assert (address.country, address.postcode, address.phone) == ("CN", "", "+8613800138000")


def test_another_s_address_is_not_there_and_stays_as_it_is() -> None:
    ana, eve = member(), member()
    address = people.add_address(actor=actor(ana), fields=HOME)
    for attempt in (
        lambda: people.change_address(actor=actor(eve), address_id=address.pk, fields=HOME),
        lambda: people.remove_address(actor=actor(eve), address_id=address.pk),
        lambda: people.make_default(actor=actor(eve), address_id=address.pk),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(LoginRequired):
        people.add_address(actor=Actor.guest(), fields=HOME)
    assert list(Address.objects.all()) == [address]


def test_a_token_is_shown_once_kept_as_a_hash_and_ended() -> None:
    ana = member()
    token, secret = people.create_token(actor=actor(ana), name="script", scopes=("read",))
    stored = ApiToken.objects.values().get(pk=token.pk)
    assert secret not in str(stored)
    assert stored["hint"].endswith(secret[-4:])

    found = people.use_token(secret)
    assert found is not None
    assert (found.account, found.scopes) == (ana, ["read"])
    assert ApiToken.objects.get().last_used_at is not None
    assert people.use_token("byn_other") is None

    people.revoke_token(actor=actor(ana), token_id=token.pk)
    assert people.use_token(secret) is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "token.create",
        "token.revoke",
    ]


def test_a_token_of_a_closed_account_or_another_s_hand_does_nothing() -> None:
    ana, eve = member(), member()
    token, secret = people.create_token(actor=actor(ana), name="script")
    with pytest.raises(NotFound):
        people.revoke_token(actor=actor(eve), token_id=token.pk)
    assert people.use_token(secret)
    people.close_account(actor=actor(ana), account_id=ana.pk, reason="leaving")
    assert people.use_token(secret) is None


def test_owners_give_roles_and_the_last_owner_stays() -> None:
    boss, ben = staff("owner"), member()
    with pytest.raises(Forbidden):
        people.give_role(actor=actor(ben), account_id=ben.pk, role="owner")
    people.give_role(actor=actor(boss), account_id=ben.pk, role="support")
    ben.refresh_from_db()
    assert ben.is_staff
    with pytest.raises(Conflict) as refused:
        people.take_role(actor=actor(boss), account_id=boss.pk, role="owner")
    assert refused.value.code == "last_owner"
    people.take_role(actor=actor(boss), account_id=ben.pk, role="support")
    ben.refresh_from_db()
    assert not ben.is_staff
    assert list(StaffRole.objects.values_list("account_id", "role")) == [(boss.pk, "owner")]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int | None, Mapping[str, Any]]]:
    """What acts of the kind "wave" have done."""
    calls: list[tuple[int | None, Mapping[str, Any]]] = []

    def wave(who: Actor, payload: Mapping[str, Any]) -> str:
        calls.append((who.id, payload))
        return "/waved"

    monkeypatch.setattr(ports, "_resumptions", {})
    ports.register_resume("wave", wave, describe=lambda payload: "Wave")
    return calls


def test_an_intended_act_is_done_once_by_whoever_brings_its_token(
    done: list[tuple[int | None, Mapping[str, Any]]],
) -> None:
    ana = member()
    token = people.remember_intent("wave", {"to": "12345678901234567"})
    with pytest.raises(LoginRequired):
        people.resume_intent(actor=Actor.guest(), token=token)
    assert people.resume_intent(actor=actor(ana), token=token) == "/waved"
    assert people.resume_intent(actor=actor(ana), token=token) == ""
    assert done == [(ana.pk, {"to": "12345678901234567"})]
    assert IntendedAction.objects.get().resumed_by == ana


def test_an_old_or_unknown_act_is_not_done(
    done: list[tuple[int | None, Mapping[str, Any]]],
) -> None:
    ana = member()
    with clock.at(clock.now() - dt.timedelta(minutes=61)):
        old = people.remember_intent("wave", {})
    assert people.resume_intent(actor=actor(ana), token=old) == ""
    assert people.resume_intent(actor=actor(ana), token="nothing") == ""
    assert done == []
    with pytest.raises(ImproperlyConfigured):
        people.remember_intent("fly", {})
