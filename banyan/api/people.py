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
from banyan.people.rules.relations import ALL, EVERY_POST, NO_REPOSTS

from .gate import ANYONE, WRITE, actor
from .schemas import Answer, IdOut

router = Router(tags=["people"])
LEVEL_NAMES = {ALL: "all", NO_REPOSTS: "no_reposts", EVERY_POST: "every_post"}
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
    is_requested: bool
    follows_me: bool
    requests_me: bool
    is_muted: bool
    level: str


def profile_answer(request: HttpRequest, handle: str) -> ProfileAnswer:
    """Return the profile of a handle as the reader may see it."""
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
        is_requested=card.standing.is_asking,
        follows_me=card.follows_me,
        requests_me=card.standing.asks_me,
        is_muted=card.standing.mute is not None,
        level=LEVEL_NAMES[card.standing.level],
    )


@router.get("/people/{handle}", auth=ANYONE, response=ProfileAnswer)
def read_person(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Return somebody's profile."""
    return profile_answer(request, handle)


@router.put("/people/{handle}/follow", auth=WRITE, response=ProfileAnswer)
def follow(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Follow somebody, or ask to where they approve followers. Repeatable."""
    who = actor(request)
    people.follow(actor=who, account_id=get_account_for(who, handle).pk)
    return profile_answer(request, handle)


@router.delete("/people/{handle}/follow", auth=WRITE, response={200: ProfileAnswer})
def unfollow(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Stop following somebody, or asking to. Repeatable."""
    who = actor(request)
    people.unfollow(actor=who, account_id=get_account_for(who, handle).pk)
    return profile_answer(request, handle)
