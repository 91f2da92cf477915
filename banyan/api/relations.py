"""Relations: levels, mutes and blocks, requests and friends, private lists of people."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import StringConstraints

from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import get_account_for, get_list_for, get_own_account
from banyan.people.models import Account, Mute
from banyan.people.queries import Neighbour
from banyan.people.rules.relations import LESS, SPANS

from .gate import READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .people import LEVEL_NAMES, Handle, ProfileAnswer, profile_answer
from .schemas import Answer, Body, Id, IdOut, Moment, Person

router = Router(tags=["relations"])
LEVELS = {name: level for level, name in LEVEL_NAMES.items()}
Span = Literal["day", "week", "ever"]
ListName = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class LevelBody(Body):
    """How much of somebody comes into the feed."""

    level: Literal["all", "no_reposts", "every_post"]


class MuteBody(Body):
    """How long; ``less`` shows less of them for 30 days instead of nothing."""

    span: Literal["day", "week", "ever", "less"] = "ever"


class NewMute(Body):
    """A word, or a topic by its slug."""

    kind: Literal["word", "topic"]
    words: Words
    span: Span = "ever"


class MuteAnswer(Answer):
    """Something muted: a person, or words; ``shown`` is none or less."""

    id: IdOut
    kind: str
    person: Person | None
    words: str
    shown: Literal["none", "less"]
    expires_at: Moment | None


class PeopleListBody(Body):
    """The name of a list."""

    name: ListName


class PeopleListAnswer(Answer):
    """A private list of people, and how many are on it."""

    id: IdOut
    name: str
    people: int


def _person(account: Account) -> Person:
    return Person(id=account.pk, handle=account.handle, name=account.display_name)


def _neighbours(rows: list[Neighbour], limit: int) -> Page[Person]:
    return page_of(rows, limit, lambda row: row.follow_id, lambda row: _person(row.account))


def _mute(mute: Mute) -> MuteAnswer:
    return MuteAnswer(
        id=mute.pk,
        kind=mute.kind,
        person=_person(mute.target) if mute.target is not None else None,
        words=mute.words,
        shown="less" if mute.degree == LESS else "none",
        expires_at=mute.expires_at,
    )


@router.put("/people/{handle}/follow/level", auth=WRITE, response=ProfileAnswer)
def set_level(request: HttpRequest, handle: Path[Handle], body: LevelBody) -> Any:
    """Choose how much of somebody one follows comes into the feed. Repeatable."""
    who = actor(request)
    account = get_account_for(who, handle)
    people.set_follow_level(actor=who, account_id=account.pk, level=LEVELS[body.level])
    return profile_answer(request, handle)


@router.delete("/people/{handle}/follower", auth=WRITE, response={200: ProfileAnswer})
def remove_follower(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Let somebody follow or ask no longer. Repeatable; they are not told."""
    who = actor(request)
    people.remove_follower(actor=who, account_id=get_account_for(who, handle).pk)
    return profile_answer(request, handle)


@router.put("/people/{handle}/mute", auth=WRITE, response=ProfileAnswer)
def mute_person(request: HttpRequest, handle: Path[Handle], body: MuteBody) -> Any:
    """Be shown nothing, or less, of somebody unasked. Repeatable; they are not told."""
    who = actor(request)
    account = get_account_for(who, handle)
    if body.span == "less":
        people.less_of_person(actor=who, account_id=account.pk)
    else:
        people.mute_person(actor=who, account_id=account.pk, lasting=SPANS[body.span])
    return profile_answer(request, handle)


@router.delete("/people/{handle}/mute", auth=WRITE, response={200: ProfileAnswer})
def unmute_person(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Hear of somebody again. Repeatable."""
    who = actor(request)
    people.unmute_person(actor=who, account_id=get_account_for(who, handle).pk)
    return profile_answer(request, handle)


@router.put("/people/{handle}/block", auth=WRITE, response={204: None})
def block(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Block somebody: neither sees the other any more. Repeatable; they are not told."""
    who = actor(request)
    if queries.blocked_account(who, handle) is None:
        people.block(actor=who, account_id=get_account_for(who, handle).pk)
    return Status(204, None)


@router.delete("/people/{handle}/block", auth=WRITE, response={204: None})
def unblock(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Take one's own block back. Repeatable."""
    who = actor(request)
    account = queries.blocked_account(who, handle)
    if account is not None:
        people.unblock(actor=who, account_id=account.pk)
    return Status(204, None)


@router.get("/me/blocks", auth=READ, response=list[Person])
def list_blocks(request: HttpRequest) -> Any:
    """List whom one blocks, latest first, 500 at most."""
    return [_person(account) for account in queries.blocked_accounts(actor(request))[:500]]


@router.get("/me/mutes", auth=READ, response=list[MuteAnswer])
def list_mutes(request: HttpRequest) -> Any:
    """List what one mutes now, latest first."""
    return [_mute(mute) for mute in queries.mutes_made(actor(request))]


@router.post("/me/mutes", auth=WRITE, response={201: MuteAnswer})
def mute_words(request: HttpRequest, body: NewMute) -> Any:
    """Mute a word or a topic. Repeatable: the last span counts."""
    who, lasting = actor(request), SPANS[body.span]
    if body.kind == "topic":
        made = people.mute_topic(actor=who, topic=body.words, lasting=lasting)
    else:
        made = people.mute_word(actor=who, word=body.words, lasting=lasting)
    return Status(201, _mute(made))


@router.delete("/me/mutes/{mute_id}", auth=WRITE, response={204: None})
def end_mute(request: HttpRequest, mute_id: Path[Id]) -> Any:
    """Take one of one's mutes back."""
    people.unmute(actor=actor(request), mute_id=mute_id)
    return Status(204, None)


@router.get("/me/friends", auth=READ, response=Page[Person])
def list_friends(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List one's friends, who follow back, latest first."""
    who = actor(request)
    rows = queries.friends(who, get_own_account(who), before=before or 0, limit=limit + 1)
    return _neighbours(rows, limit)


@router.get("/me/requests", auth=READ, response=Page[Person])
def list_requests(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List who asks to follow one, latest first."""
    who = actor(request)
    rows = queries.requests_to(who, get_own_account(who), before=before or 0, limit=limit + 1)
    return _neighbours(rows, limit)


@router.put("/me/requests/{handle}", auth=WRITE, response=ProfileAnswer)
def accept_request(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Say yes to somebody who asks to follow. Repeatable."""
    who = actor(request)
    people.accept_follower(actor=who, account_id=get_account_for(who, handle).pk)
    return profile_answer(request, handle)


@router.delete("/me/requests/{handle}", auth=WRITE, response={204: None})
def decline_request(request: HttpRequest, handle: Path[Handle]) -> Any:
    """Say no to somebody who asks to follow. Repeatable; they are not told."""
    who = actor(request)
    people.decline_follower(actor=who, account_id=get_account_for(who, handle).pk)
    return Status(204, None)


@router.get("/me/lists", auth=READ, response=list[PeopleListAnswer])
def list_people_lists(request: HttpRequest) -> Any:
    """List one's private lists of people, by name."""
    return [
        PeopleListAnswer(id=row.pk, name=row.name, people=n)
        for row, n in queries.list_sizes(actor(request))
    ]


@router.post("/me/lists", auth=WRITE, response={201: PeopleListAnswer})
def make_people_list(request: HttpRequest, body: PeopleListBody) -> Any:
    """Make a private list of people. At most 50."""
    made = people.make_list(actor=actor(request), name=body.name)
    return Status(201, PeopleListAnswer(id=made.pk, name=made.name, people=0))


@router.patch("/me/lists/{list_id}", auth=WRITE, response=PeopleListAnswer)
def rename_people_list(request: HttpRequest, list_id: Path[Id], body: PeopleListBody) -> Any:
    """Give a list another name."""
    who = actor(request)
    found = people.rename_list(actor=who, list_id=list_id, name=body.name)
    n = len(queries.people_on(who, found))
    return PeopleListAnswer(id=found.pk, name=found.name, people=n)


@router.delete("/me/lists/{list_id}", auth=WRITE, response={204: None})
def delete_people_list(request: HttpRequest, list_id: Path[Id]) -> Any:
    """Delete a list; the people on it stay where they are."""
    people.delete_list(actor=actor(request), list_id=list_id)
    return Status(204, None)


@router.get("/me/lists/{list_id}/people", auth=READ, response=list[Person])
def list_listed_people(request: HttpRequest, list_id: Path[Id]) -> Any:
    """List who is on a list, the latest first."""
    who = actor(request)
    return [_person(one) for one in queries.people_on(who, get_list_for(who, list_id))]


@router.put("/me/lists/{list_id}/people/{handle}", auth=WRITE, response={204: None})
def add_to_list(request: HttpRequest, list_id: Path[Id], handle: Path[Handle]) -> Any:
    """Put somebody on a list. Repeatable; they are not told."""
    who = actor(request)
    found = get_list_for(who, list_id)
    account = get_account_for(who, handle)
    people.add_to_list(actor=who, list_id=found.pk, account_id=account.pk)
    return Status(204, None)


@router.delete("/me/lists/{list_id}/people/{handle}", auth=WRITE, response={204: None})
def take_off_list(request: HttpRequest, list_id: Path[Id], handle: Path[Handle]) -> Any:
    """Take somebody off a list. Repeatable."""
    who = actor(request)
    found = get_list_for(who, list_id)
    account = get_account_for(who, handle)
    people.take_off_list(actor=who, list_id=found.pk, account_id=account.pk)
    return Status(204, None)
