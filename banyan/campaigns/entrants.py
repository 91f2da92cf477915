"""Who enters a draw: what their orders earned them, and who must not be drawn. Bulk reads."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from banyan.catalog.models import ShopStaff
from banyan.orders.actions.persons import bought
from banyan.orders.models import Checkout, Order
from banyan.people.models import Account
from banyan.trust.queries import clusters_of, mates_of

from .blocks import Next
from .models import Campaign, Participation, PersonKey


def orders_of(
    campaign: Campaign, people: Sequence[Participation], *, least: int = 0
) -> Counter[int]:
    """Count orders of the campaign's shop, placed after somebody came in and paid before its end.

    By participation. What was given back counts no more, nor an order of which less than ``least``
    is kept (minor units). One statement.
    """
    since = {one.account_id: one for one in people}
    rows = Order.objects.filter(
        shop_id=campaign.shop_id,
        checkout__buyer_id__in=since,
        paid_at__lt=campaign.ends_at,
        total_amount__gte=F("refunded_amount") + max(1, least),
    ).values_list("checkout__buyer_id", "checkout__created_at")
    found: Counter[int] = Counter()
    for buyer, placed in rows:
        if buyer is not None and placed >= since[buyer].created_at:
            found[since[buyer].pk] += 1
    return found


def barred(campaign: Campaign, people: Sequence[Participation]) -> dict[int, str]:
    """Return who must not win, by participation: ``staff`` of the shop, ``inactive`` accounts.

    Two statements.
    """
    accounts = [one.account_id for one in people]
    staff = set(
        ShopStaff.objects.filter(shop_id=campaign.shop_id, account_id__in=accounts).values_list(
            "account_id", flat=True
        )
    )
    gone = set(
        Account.objects.filter(pk__in=accounts, is_active=False).values_list("pk", flat=True)
    )
    found = {one.pk: "inactive" for one in people if one.account_id in gone}
    return found | {one.pk: "staff" for one in people if one.account_id in staff}


def again(people: Sequence[Participation]) -> dict[int, str]:
    """Return who had entered before under another account, by participation: ``same_person``.

    As ``trust`` knows them now; the first entry stands. One statement.
    """
    persons = clusters_of([one.account_id for one in people])
    found: dict[int, str] = {}
    seen: set[int] = set()
    for one in sorted(people, key=lambda one: one.pk):
        if persons[one.account_id] in seen:
            found[one.pk] = "same_person"
        seen.add(persons[one.account_id])
    return found


def not_new(campaign: Campaign, people: Sequence[Participation]) -> dict[int, str]:
    """Return who had paid for something before they came in, by participation: ``not_new``.

    Under any account or contact that they entered with or have now. Five statements.
    """
    keys = _keys(campaign, people)
    owners: defaultdict[str, list[Participation]] = defaultdict(list)
    for one in people:
        for key in keys[one.account_id]:
            owners[key].append(one)
    found = {}
    for key, paid in _paid(owners):
        for one in owners[key]:
            if paid < one.created_at:
                found[one.pk] = "not_new"
    return found


def _keys(campaign: Campaign, people: Sequence[Participation]) -> Mapping[int, set[str]]:
    """Return "account:" and "contact:" keys by account: those of then, and those of today.

    The accounts are all of the person's, as ``trust`` knows them now.
    """
    ids = {one.account_id for one in people}
    persons = clusters_of(ids)
    mates: defaultdict[int, set[int]] = defaultdict(set)
    for mate in mates_of(ids):
        mates[mate.cluster].add(mate.account_id)
    found: defaultdict[int, set[str]] = defaultdict(set)
    for account_id in ids:
        both = {account_id} | mates[persons[account_id]]
        found[account_id] |= {f"account:{one}" for one in both}
    entered = PersonKey.objects.filter(scope=f"campaign:{campaign.pk}", account_id__in=ids)
    for account_id, key in entered.values_list("account_id", "key"):
        if key.startswith("contact:"):
            found[account_id].add(key)
    for account in Account.objects.filter(pk__in=ids).only("email", "phone"):
        contacts = [one for one in (account.email, account.phone) if one]
        found[account.pk] |= {f"contact:{one.lower()}" for one in contacts}
    return found


def _paid(keys: Mapping[str, object]) -> list[tuple[str, dt.datetime]]:
    """Return (key, when) of everything that was bought under one of the keys."""
    accounts = [int(key[8:]) for key in keys if key.startswith("account:")]
    contacts = [key[8:] for key in keys if key.startswith("contact:")]
    rows = Checkout.objects.annotate(mail=Lower("contact_email")).filter(
        Q(buyer__in=accounts) | Q(mail__in=contacts) | Q(contact_phone__in=contacts),
        bought(),
    )
    found = []
    for buyer, mail, phone, at in rows.values_list("buyer", "mail", "contact_phone", "paid_at"):
        names = (f"account:{buyer}", f"contact:{mail}", f"contact:{phone}")
        found += [(name, at) for name in names if name in keys and at is not None]
    return found


def word_in(given: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the fingerprint of the word that was given, which is all that is kept of it."""
    word = str(given.get("word", "")).strip()[:200]
    return {"word": hashlib.sha256(word.encode()).hexdigest()} if word else {}


def asks_word(mine: Participation) -> Next:
    """Return what asks for a word to draw with, and says whether one is in."""
    known = mine.data.get("word", "")
    hint = _("Your word is drawn with: nobody can know beforehand what comes out.")
    if known:
        hint = _("Your word is in, as its SHA-256 %(hash)s. You can give another.") % {
            "hash": known
        }
    return Next("redeem", _("Give my word"), hint, asks={"word": _("A word of your own")})
