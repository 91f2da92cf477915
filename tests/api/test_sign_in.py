"""Signing up and in by program, and what is one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from banyan.legal import actions as legal
from banyan.legal.models import Erasure
from banyan.people.models import Account, ApiToken
from tests.api.client import Program, errors, problem
from tests.people.conftest import Carrier, carrier
from tests.support import factories as make

__all__ = ["carrier"]
pytestmark = pytest.mark.django_db


def _signed_in(carrier: Carrier, contact: str, **headers: str) -> dict[str, Any]:
    guest = Program()
    started = guest.do("POST", "/sign-in", {"contact": contact}, **headers)
    body = {"code": carrier.to(contact)}
    answer: dict[str, Any] = guest.do("POST", f"/sign-in/{started['id']}/confirm", body)
    return answer


def test_a_typed_code_makes_an_account_and_then_finds_it(carrier: Carrier) -> None:
    first = _signed_in(carrier, "new@example.com")
    assert first["created"] is True
    again = _signed_in(carrier, "new@example.com")
    assert (again["created"], again["account_id"]) == (False, first["account_id"])
    assert Account.objects.count() == 1

    me = Program()
    me.headers["Authorization"] = f"Bearer {again['token']}"
    assert me.get("/me")["email"] == "new@example.com"
    me.headers["Authorization"] = f"Bearer {first['token']}"
    assert problem(me.send("GET", "/me"))[1] == "token_unknown", "one program, one token"
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_a_wrong_code_says_how_many_tries_are_left(carrier: Carrier) -> None:
    guest = Program()
    started = guest.do("POST", "/sign-in", {"contact": "ana@example.com"})
    right = carrier.to("ana@example.com")
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    refused = guest.send("POST", f"/sign-in/{started['id']}/confirm", {"code": wrong})
    assert problem(refused) == (422, "code_wrong")
    assert b'"left": 4' in refused.content
    again = guest.do("POST", f"/sign-in/{started['id']}/resend")
    assert again["id"] == started["id"]
    spent = guest.send("POST", f"/sign-in/{started['id']}/confirm", {"code": right})
    assert problem(spent)[0] == 422, "the code before no longer works"


def test_no_contact_is_refused_by_field(carrier: Carrier) -> None:
    assert set(errors(Program().send("POST", "/sign-in", {"contact": "nobody"}))) == {"contact"}


def test_the_code_is_told_in_a_demo_only(carrier: Carrier, settings: Any) -> None:
    settings.DEMO = False
    assert Program().do("POST", "/sign-in", {"contact": "a@example.com"})["demo_code"] is None
    settings.DEMO = True
    told = Program().do("POST", "/sign-in", {"contact": "b@example.com"})["demo_code"]
    assert told == carrier.to("b@example.com")


def test_a_second_factor_is_not_passed_by(carrier: Carrier) -> None:
    ana = make.member("ana", email="ana@example.com")
    Authenticator.objects.create(user=ana, type=Authenticator.Type.TOTP, data={})
    guest = Program()
    started = guest.do("POST", "/sign-in", {"contact": "ana@example.com"})
    body = {"code": carrier.to("ana@example.com")}
    refused = guest.send("POST", f"/sign-in/{started['id']}/confirm", body)
    assert problem(refused) == (403, "second_factor_required")
    assert not ApiToken.objects.exists()


def test_who_is_leaving_is_told_and_comes_back_only_by_saying_so(carrier: Carrier) -> None:
    ana = make.member("ana", email="ana@example.com")
    legal.ask_erasure(actor=make.actor(ana), handle="ana")
    guest = Program()
    started = guest.do("POST", "/sign-in", {"contact": "ana@example.com"})
    body = {"code": carrier.to("ana@example.com")}
    refused = guest.send("POST", f"/sign-in/{started['id']}/confirm", body)
    assert problem(refused) == (409, "account_leaving")
    assert b'"erased_at"' in refused.content
    assert not ApiToken.objects.exists()
    assert Erasure.objects.get().state == "waiting"

    started = guest.do("POST", "/sign-in", {"contact": "ana@example.com"})
    stays: dict[str, object] = {"code": carrier.to("ana@example.com"), "stay": True}
    me = Program()
    told = guest.do("POST", f"/sign-in/{started['id']}/confirm", stays)
    me.headers["Authorization"] = f"Bearer {told['token']}"
    assert me.get("/me")["handle"] == "ana"
    assert Erasure.objects.get().state == "cancelled"


def test_staff_without_a_second_factor_are_members_here(settings: Any) -> None:
    finance = make.staff("finance")
    program = Program(finance)
    assert program.get("/ledger/proof")["clean"] is True
    settings.STAFF_TOTP_REQUIRED = True
    assert problem(program.send("GET", "/ledger/proof")) == (403, "forbidden")
    Authenticator.objects.create(user=finance, type=Authenticator.Type.TOTP, data={})
    assert program.get("/ledger/proof")["clean"] is True


def test_a_guests_cart_comes_along(carrier: Carrier) -> None:
    item, guest = make.variant(), Program()
    cart = guest.do("PUT", f"/cart/lines/{item.pk}", {"quantity": 3})
    assert guest.get("/cart", **{"Cart-Token": cart["token"]})["lines"][0]["quantity"] == 3
    signed = _signed_in(carrier, "ana@example.com", **{"Cart-Token": cart["token"]})
    ana = Program()
    ana.headers["Authorization"] = f"Bearer {signed['token']}"
    [line] = ana.get("/cart")["lines"]
    assert (line["variant_id"], line["quantity"]) == (str(item.pk), 3)


def test_a_profile_changes_by_field(carrier: Carrier) -> None:
    ana = Program(make.member("ana"))
    changed = ana.do("PATCH", "/me", {"name": "Ana B", "birthday": "1990-02-03"})
    assert (changed["name"], changed["handle"], changed["birthday"]) == (
        "Ana B",
        "ana",
        "1990-02-03",
    )
    assert ana.do("PATCH", "/me", {"birthday": None, "bio": None})["birthday"] is None
    make.member("ben")
    refused = ana.send("PATCH", "/me", {"handle": "ben", "name": "Lost?"})
    assert problem(refused) == (422, "handle_taken")
    assert ana.get("/me")["name"] == "Ana B", "all or nothing"


def test_tokens_are_made_listed_and_ended() -> None:
    ana = Program(make.member("ana"))
    made = ana.do("POST", "/me/tokens", {"name": "Robot", "scopes": ["read"]})
    assert made["secret"].startswith("byn_")
    listed = ana.get("/me/tokens")
    assert [one["name"] for one in listed] == ["Robot", "test"]
    assert all("secret" not in one for one in listed)
    ana.do("DELETE", f"/me/tokens/{made['id']}")
    assert ana.get("/me/tokens")[0]["revoked_at"] is not None


def test_a_token_makes_no_other_that_may_do_more_than_itself() -> None:
    writer = Program(make.member("ana"), scopes=("write",))
    for scopes in (["read"], ["read", "write"]):
        refused = writer.send("POST", "/me/tokens", {"name": "Robot", "scopes": scopes})
        assert problem(refused) == (403, "scope_missing")
    made = writer.do("POST", "/me/tokens", {"name": "Robot", "scopes": ["write"]})
    assert made["scopes"] == ["write"]
    unread = writer.send("GET", "/me")
    assert problem(unread) == (403, "scope_missing")
    assert json.loads(unread.content)["title"] == "This token may write only."
