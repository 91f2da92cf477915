"""Private lists of people. Nobody is told that they are on one."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, LoginRequired, NotFound

from ..access import blocked_between, get_list_for, visible_accounts, visible_lists
from ..models import AccountList, ListEntry
from ..ports import check_names
from ..rules.relations import LONGEST_LIST_NAME, MOST_LISTS, MOST_ON_A_LIST, clean_name
from .holds import hold_pair


def make_list(*, actor: Actor, name: str) -> AccountList:
    """Make a private list of people.

    Invalid for a name that is empty, longer than 40 or one's own already; Conflict (``lists_full``)
    beyond 50 lists.
    """
    if actor.id is None:
        raise LoginRequired()
    name = _clean(actor, name)
    if visible_lists(actor).count() >= MOST_LISTS:
        raise Conflict(_("You have 50 lists already."), code="lists_full")
    made = AccountList(owner_id=actor.id, name=name, created_at=clock.now())
    return _save(made)


def rename_list(*, actor: Actor, list_id: int, name: str) -> AccountList:
    """Give one's own list another name; Invalid as in :func:`make_list`."""
    found = get_list_for(actor, list_id)
    found.name = _clean(actor, name)
    return _save(found)


def delete_list(*, actor: Actor, list_id: int) -> None:
    """Delete one's own list; the people on it are followed as before."""
    get_list_for(actor, list_id).delete()


def add_to_list(*, actor: Actor, list_id: int, account_id: int) -> ListEntry:
    """Put somebody on one's own list. Repeatable.

    NotFound for whom the actor does not see; Conflict (``list_full``) beyond 500 people.
    """
    found = get_list_for(actor, list_id)
    if found.owner_id == account_id:
        raise Conflict(code="oneself")
    with transaction.atomic():
        # A block takes people off lists, under the same lock.
        hold_pair(found.owner_id, account_id)
        if not _is_seen(actor, account_id) or blocked_between(found.owner_id, account_id):
            raise NotFound()
        if found.entries.count() >= MOST_ON_A_LIST:
            raise Conflict(_("This list has 500 people already."), code="list_full")
        return ListEntry.objects.get_or_create(
            on=found, account_id=account_id, defaults={"added_at": clock.now()}
        )[0]


def take_off_list(*, actor: Actor, list_id: int, account_id: int) -> None:
    """Take somebody off one's own list. Repeatable."""
    get_list_for(actor, list_id).entries.filter(account_id=account_id).delete()


def _is_seen(actor: Actor, account_id: int) -> bool:
    return visible_accounts(actor).filter(pk=account_id).exists()


def _clean(actor: Actor, name: str) -> str:
    name = clean_name(name)
    if not 0 < len(name) <= LONGEST_LIST_NAME:
        raise Invalid(fields={"name": _("Give it a name of at most 40 letters.")})
    check_names(actor=actor, name=name)
    return name


def _save(row: AccountList) -> AccountList:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(fields={"name": _("You have a list of this name.")}) from error
    return row
