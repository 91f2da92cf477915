"""One's own account: profile and tokens."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.kernel.actors import Actor
from banyan.people import actions as people
from banyan.people.access import get_own_account, visible_tokens
from banyan.people.models import Account, ApiToken

from .gate import READ, WRITE, ScopeMissing, actor, caller_of
from .schemas import Answer, Body, Id, IdOut, Moment

router = Router(tags=["me"])
Audience = Literal["private", "friends", "everybody"]
Side = Annotated[str, StringConstraints(max_length=40)]


class Me(Answer):
    """The account of the token."""

    id: IdOut
    handle: str
    name: str
    email: str | None
    phone: str | None
    bio: str
    region: str
    birthday: dt.date | None
    birthday_audience: str
    hometown: str
    dialect: str
    school: str
    language: str
    created_at: Moment


class MePatch(Body):
    """What changes; what is left out stays."""

    handle: Annotated[str, StringConstraints(max_length=30)] | None = None
    name: Annotated[str, StringConstraints(max_length=60)] | None = None
    bio: Annotated[str, StringConstraints(max_length=300)] | None = None
    region: Annotated[str, StringConstraints(max_length=12)] | None = None
    birthday: dt.date | None = None
    birthday_audience: Audience | None = None
    hometown: Side | None = None
    dialect: Side | None = None
    school: Side | None = None


class TokenBody(Body):
    """A new token: its name, and what it may do."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    scopes: Annotated[list[Literal["read", "write"]], Field(min_length=1, max_length=2)] = [
        "read",
        "write",
    ]


class TokenAnswer(Answer):
    """A token without its secret; ``hint`` is enough to tell it from others."""

    id: IdOut
    name: str
    hint: str
    scopes: list[str]
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class NewToken(TokenAnswer):
    """A token with its ``secret``, shown this once."""

    secret: str


def _me(account: Account) -> Me:
    profile = account.profile
    return Me(
        id=account.pk,
        handle=account.handle,
        name=account.display_name,
        email=account.email,
        phone=account.phone,
        bio=profile.bio,
        region=profile.region,
        birthday=profile.birthday,
        birthday_audience=profile.birthday_audience,
        hometown=profile.hometown,
        dialect=profile.dialect,
        school=profile.school,
        language=account.language,
        created_at=account.created_at,
    )


def _token(token: ApiToken) -> TokenAnswer:
    return TokenAnswer(**_columns(token))


def _columns(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }


@router.get("/me", auth=READ, response=Me)
def read_me(request: HttpRequest) -> Any:
    """Return the account of the token."""
    return _me(get_own_account(actor(request)))


@router.patch("/me", auth=WRITE, response=Me)
def change_me(request: HttpRequest, body: MePatch) -> Any:
    """Change the own profile, all or nothing."""
    who = actor(request)
    return _me(people.change_profile(actor=who, **_merged(who, body)))


def _merged(who: Actor, body: MePatch) -> dict[str, Any]:
    account = get_own_account(who)
    profile = account.profile
    now = {
        "handle": account.handle,
        "display_name": account.display_name,
        "bio": profile.bio,
        "region": profile.region,
        "birthday": profile.birthday,
        "birthday_audience": profile.birthday_audience,
        "hometown": profile.hometown,
        "dialect": profile.dialect,
        "school": profile.school,
    }
    given = body.model_dump(exclude_unset=True)
    if "name" in given:
        given["display_name"] = given.pop("name")
    # Only a birthday can be taken away; null elsewhere leaves the field as it is.
    return now | {k: v for k, v in given.items() if v is not None or k == "birthday"}


@router.get("/me/tokens", auth=READ, response=list[TokenAnswer])
def list_tokens(request: HttpRequest) -> Any:
    """List the own tokens, newest first, the revoked ones too."""
    return [_token(token) for token in visible_tokens(actor(request))[:200]]


@router.post("/me/tokens", auth=WRITE, response={201: NewToken})
def make_token(request: HttpRequest, body: TokenBody) -> Any:
    """Make a token; its secret is in this answer and nowhere else. At most 20 live ones.

    It may do no more than the token that makes it.
    """
    if set(body.scopes) - caller_of(request).scopes:
        raise ScopeMissing(_("A token makes no other that may do more than itself."))
    token, secret = people.create_token(
        actor=actor(request), name=body.name, scopes=tuple(dict.fromkeys(body.scopes))
    )
    return Status(201, NewToken(**_columns(token), secret=secret))


@router.delete("/me/tokens/{token_id}", auth=WRITE, response={204: None})
def revoke_token(request: HttpRequest, token_id: Path[Id]) -> Any:
    """End a token at once. Repeatable."""
    people.revoke_token(actor=actor(request), token_id=token_id)
    return Status(204, None)
