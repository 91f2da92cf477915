"""Other people: their profile, and following them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import StringConstraints

from banyan.people import actions as people
from banyan.people.access import get_account_for
from banyan.people.queries import profile_card

from .gate import ANYONE, WRITE, actor
from .schemas import Answer, IdOut

router = Router(tags=["people"])
Handle = Annotated[str, StringConstraints(pattern=r"^[^\s/@]{1,30}$")]


class ProfileAnswer(Answer):
    """A profile as the reader may see it."""

    id: IdOut
    handle: str
    name: str
    bio: str
    region: str
    birthday: dt.date | None
    followers: int
    following: int
    is_self: bool
    is_following: bool
    is_friend: bool


def _profile(request: HttpRequest, handle: str) -> ProfileAnswer:
    card = profile_card(actor(request), handle)
    return ProfileAnswer(
        id=card.account.pk,
        handle=card.account.handle,
        name=card.account.display_name,
        bio=card.bio,
        region=card.region,
        birthday=card.birthday,
        followers=card.followers,
        following=card.following,
        is_self=card.is_self,
        is_following=card.is_following,
        is_friend=card.is_friend,
    )


@router.get("/people/{handle}", auth=ANYONE, response=ProfileAnswer)
def read_person(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Return somebody's profile."""
    return _profile(request, handle)


@router.put("/people/{handle}/follow", auth=WRITE, response=ProfileAnswer)
def follow(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Follow somebody; their posts come into the feed. Repeatable."""
    who = actor(request)
    people.follow(actor=who, account_id=get_account_for(who, handle).pk)
    return _profile(request, handle)


@router.delete("/people/{handle}/follow", auth=WRITE, response={200: ProfileAnswer})
def unfollow(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Stop following somebody. Repeatable."""
    who = actor(request)
    people.unfollow(actor=who, account_id=get_account_for(who, handle).pk)
    return _profile(request, handle)
