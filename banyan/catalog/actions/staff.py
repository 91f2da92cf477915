"""Who works in a shop: invited, changed, let go; every step is written down under the shop.

An invitation is a signed link, so nothing is stored until it is accepted. It is void once its
person was let go after it was written, or once whoever wrote it is no owner any more.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, keyrings, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired, NotFound
from banyan.notify.actions import notify, send
from banyan.people.models import Account

from ..access import get_shop_for_staff
from ..models import Shop, ShopStaff

INVITE_AGE = dt.timedelta(days=7)
INVITES_A_DAY = 30
INVITED = "shop.invited"
ROLES = ("owner", "manager", "clerk")


class InviteGone(NotFound):
    """Too old, changed on the way, or taken back."""

    code = "invite_gone"
    message = _("This invitation is no longer good. Ask the shop for a new one.")


@dataclass(frozen=True, slots=True)
class Invite:
    """What an invitation of ``by_id`` says: to ``account_id``, or to whoever owns ``email``."""

    shop: Shop
    role: str
    account_id: int | None
    email: str
    written_at: dt.datetime
    by_id: int | None


def hire(*, actor: Actor, shop_id: int, account_id: int, role: str) -> ShopStaff:
    """Give somebody a role in the shop at once (manager or clerk). Only an owner may; audited."""
    shop = get_shop_for_staff(actor, shop_id, ("owner",))
    if role not in {"manager", "clerk"}:
        raise Invalid(fields={"role": _("Choose manager or clerk.")})
    with transaction.atomic():
        staff = _seat(shop.pk, account_id, role)
        _note(actor, shop, "staff.hire", account_id, role)
    return staff


def invite(*, actor: Actor, shop_id: int, to: str, role: str) -> str:
    """Invite a member by @handle, or anybody by e-mail address. Only an owner may; audited.

    A member is told by notice, an address by e-mail; returns the signed token of the link. An
    address is never said to be known or not. Raises TooMany above 30 a day and owner: anybody may
    open a shop, and the letter goes to whatever address is typed.
    """
    shop = get_shop_for_staff(actor, shop_id, ("owner",))
    to = to.strip()
    if role not in ROLES:
        raise Invalid(fields={"role": _("Choose a role.")})
    account, email = _addressee(to)
    ratelimits.hit(f"staff.invite:{actor.id}", INVITES_A_DAY, 86_400)
    token = _token(shop.pk, role, account.pk if account else None, email, by=actor.id)
    path = f"/join/{token}"
    with transaction.atomic():
        if account is not None:
            notify(
                recipient_id=account.pk,
                kind=INVITED,
                group_key=f"{INVITED}:{shop.pk}",
                url=path,
                data={"shop": shop.name},
                actor_id=actor.id,
            )
        else:
            send(
                channel="email",
                destination=email,
                kind=INVITED,
                context={"shop": shop.name, "path": path},
                language=get_language() or "en",
                key=f"{INVITED}:{shop.pk}:{new_code(80)}",
            )
        _note(actor, shop, "staff.invite", account.pk if account else None, role)
    return token


def _addressee(to: str) -> tuple[Account | None, str]:
    if "@" in to[1:]:
        try:
            validate_email(to)
        except ValidationError as error:
            raise Invalid(fields={"to": _("This is not an e-mail address.")}) from error
        return None, to.lower()
    account = Account.objects.filter(handle__iexact=to.removeprefix("@"), is_active=True).first()
    if account is None:
        raise Invalid(fields={"to": _("No member has this name.")}, code="member_unknown")
    return account, ""


def _token(shop_id: int, role: str, account_id: int | None, email: str, *, by: int | None) -> str:
    # As short as it can be said: a notice holds an address of 200 letters.
    said = [shop_id, role, account_id or 0, email, int(clock.now().timestamp() * 1000), by or 0]
    told = json.dumps(said, separators=(",", ":"))
    plain = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return keyrings.sign(keyrings.Ring.INVITES, plain)


def read_invite(token: str) -> Invite:
    """Return what an invitation says; InviteGone when it is not ours or too old."""
    try:
        plain = keyrings.unsign(keyrings.Ring.INVITES, token)
    except keyrings.BadSeal as error:
        raise InviteGone() from error
    said = json.loads(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))
    if len(said) != 6:  # of a version that did not say who wrote it
        raise InviteGone()
    shop_id, role, account_id, email, written_at, by = said
    written = dt.datetime.fromtimestamp(written_at / 1000, dt.UTC)
    shop = Shop.objects.filter(pk=shop_id).first()
    if shop is None or clock.now() >= written + INVITE_AGE:
        raise InviteGone()
    return Invite(shop, role, account_id or None, email, written, by or None)


def accept_invite(*, actor: Actor, token: str) -> ShopStaff:
    """Take the role that one was invited to. Repeatable; audited.

    Raises Forbidden ``invite_for_another``, InviteGone.
    """
    if actor.id is None:
        raise LoginRequired()
    found = read_invite(token)
    account = Account.objects.get(pk=actor.id)
    mine = found.account_id == account.pk
    if not mine and not (found.email and (account.email or "").lower() == found.email):
        raise Forbidden(
            _("This invitation is for another account. Sign in with that one."),
            code="invite_for_another",
        )
    with transaction.atomic():
        seats = _lock(found.shop.pk)
        if _let_go_since(found, account.pk) or not _stands_behind(found, seats):
            raise InviteGone()
        before = ShopStaff.objects.filter(shop=found.shop, account=account).first()
        if before is not None and ROLES.index(before.role) <= ROLES.index(found.role):
            return before
        staff = _seat(found.shop.pk, account.pk, found.role)
        _note(actor, found.shop, "staff.join", account.pk, found.role)
    return staff


def _stands_behind(found: Invite, seats: list[ShopStaff]) -> bool:
    """Tell whether who wrote an invitation may still write it; the system always may."""
    if found.by_id is None:
        return True
    owns = any(seat.account_id == found.by_id and seat.role == "owner" for seat in seats)
    return owns and Account.objects.filter(pk=found.by_id, is_active=True).exists()


def _let_go_since(found: Invite, account_id: int) -> bool:
    return AuditEntry.objects.filter(
        subject_kind="shop",
        subject_id=found.shop.pk,
        action__in=["staff.remove", "staff.change"],
        detail__account=str(account_id),
        at__gte=found.written_at,
    ).exists()


def change_role(*, actor: Actor, shop_id: int, account_id: int, role: str) -> ShopStaff:
    """Give somebody another role. Only an owner may; the last owner stays one. Audited."""
    shop = get_shop_for_staff(actor, shop_id, ("owner",))
    if role not in ROLES:
        raise Invalid(fields={"role": _("Choose a role.")})
    with transaction.atomic():
        seats = _lock(shop.pk)
        _still_owner(actor, seats)
        seat = _of(seats, account_id)
        if seat.role == role:
            return seat
        if role != "owner":
            _check_not_last(seats, seat)
        ShopStaff.objects.filter(pk=seat.pk).update(role=role)
        seat.role = role
        _pass_on(shop, seats)
        _note(actor, shop, "staff.change", account_id, role)
    return seat


def remove_staff(*, actor: Actor, shop_id: int, account_id: int) -> None:
    """Let somebody go; an owner may, and everybody may leave. The last owner cannot. Audited."""
    who = ROLES if actor.id == account_id else ("owner",)
    shop = get_shop_for_staff(actor, shop_id, who)
    with transaction.atomic():
        seats = _lock(shop.pk)
        if actor.id != account_id:
            _still_owner(actor, seats)
        seat = _of(seats, account_id)
        _check_not_last(seats, seat)
        ShopStaff.objects.filter(pk=seat.pk).delete()
        _pass_on(shop, [each for each in seats if each.pk != seat.pk])
        _note(actor, shop, "staff.remove", account_id, seat.role)


def _lock(shop_id: int) -> list[ShopStaff]:
    """Hold the shop's row, so that nobody else changes its people, and return these."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop_id)
    return list(ShopStaff.objects.filter(shop_id=shop_id).order_by("id"))


def _still_owner(actor: Actor, seats: list[ShopStaff]) -> None:
    if actor.kind != "system" and not any(
        each.account_id == actor.id and each.role == "owner" for each in seats
    ):
        raise NotFound()


def _of(seats: list[ShopStaff], account_id: int) -> ShopStaff:
    seat = next((each for each in seats if each.account_id == account_id), None)
    if seat is None:
        raise NotFound()
    return seat


def _check_not_last(seats: list[ShopStaff], seat: ShopStaff) -> None:
    owners = [each for each in seats if each.role == "owner"]
    if owners == [seat]:
        raise Conflict(
            _("A shop has at least one owner. Make somebody else an owner first."),
            code="last_owner",
        )


def _pass_on(shop: Shop, seats: list[ShopStaff]) -> None:
    """Keep the shop's own owner one of its owners: the first of those who are left."""
    owners = [each.account_id for each in seats if each.role == "owner"]
    if owners and shop.owner_id not in owners:
        Shop.objects.filter(pk=shop.pk).update(owner_id=owners[0])


def _seat(shop_id: int, account_id: int, role: str) -> ShopStaff:
    staff, _created = ShopStaff.objects.update_or_create(
        shop_id=shop_id,
        account_id=account_id,
        defaults={"role": role},
        create_defaults={"role": role, "created_at": clock.now()},
    )
    return staff


def _note(actor: Actor, shop: Shop, act: str, account_id: int | None, role: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="shop",
        subject_id=shop.pk,
        subject_label=shop.name,
        detail={"account": str(account_id or ""), "role": role},
    )
