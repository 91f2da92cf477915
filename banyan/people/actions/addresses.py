"""The address book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid

from ..access import get_address_for, get_own_account
from ..models import Account, Address
from ..rules import clean_address

MOST = 30
_COLUMNS = ("recipient", "phone", "country", "level1", "level2", "level3", "street", "postcode")


def add_address(*, actor: Actor, fields: Mapping[str, Any], is_default: bool = False) -> Address:
    """Put an address into the actor's book; the first one becomes the default.

    ``fields`` are those of the country's form (``rules.address_form``); Invalid names the others.
    """
    account = get_own_account(actor)
    columns = _checked(fields)
    with transaction.atomic():
        _lock_book(account.pk)
        count = Address.objects.filter(account=account).count()
        if count >= MOST:
            raise Invalid(_("The address book is full: at most 30 addresses."), code="book_full")
        default = is_default or count == 0
        if default:
            _clear_default(account.pk)
        return Address.objects.create(
            account=account, is_default=default, created_at=clock.now(), **columns
        )


def change_address(
    *, actor: Actor, address_id: int, fields: Mapping[str, Any], is_default: bool = False
) -> Address:
    """Rewrite an address of the actor's own; orders keep the one they were placed with."""
    address = get_address_for(actor, address_id)
    columns = _checked(fields)
    with transaction.atomic():
        _lock_book(address.account_id)
        if is_default and not address.is_default:
            _clear_default(address.account_id)
            columns["is_default"] = True
        Address.objects.filter(pk=address.pk).update(**columns)
    return get_address_for(actor, address_id)


def make_default(*, actor: Actor, address_id: int) -> None:
    """Make an address the one that is filled in first."""
    address = get_address_for(actor, address_id)
    with transaction.atomic():
        _lock_book(address.account_id)
        _clear_default(address.account_id)
        Address.objects.filter(pk=address.pk).update(is_default=True)


def remove_address(*, actor: Actor, address_id: int) -> None:
    """Take an address out; the newest of the others becomes the default if it was."""
    address = get_address_for(actor, address_id)
    with transaction.atomic():
        _lock_book(address.account_id)
        Address.objects.filter(pk=address.pk).delete()
        left = Address.objects.filter(account_id=address.account_id)
        if not left.filter(is_default=True).exists():
            newest = left.order_by("-id").first()
            if newest:
                Address.objects.filter(pk=newest.pk).update(is_default=True)


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    address, errors = clean_address(fields)
    if errors:
        raise Invalid(fields=errors)
    return {name: address.get(name, "") for name in _COLUMNS}


def _lock_book(account_id: int) -> None:
    """Serialise changes of one book, so that there is one default."""
    list(Account.objects.select_for_update(no_key=True).filter(pk=account_id).values_list("pk"))


def _clear_default(account_id: int) -> None:
    Address.objects.filter(account_id=account_id, is_default=True).update(is_default=False)
