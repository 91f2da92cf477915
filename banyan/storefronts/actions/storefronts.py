"""Opening, changing and closing a storefront."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Product, ShopStaff
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from banyan.kernel.states import transition
from banyan.media.models import Image
from banyan.moderation.actions import check_names
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing.places import place_of_group

from .. import ports
from ..access import my_storefront, page_of_group, require_storefront
from ..events import StorefrontOpened
from ..models import Storefront
from ..rules import clean_colour
from ..states import STOREFRONT


def _clean(actor: Actor, title: str, intro: str, colour: str) -> dict[str, str]:
    fields: dict[str, Any] = {}
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give your storefront a name of 1 to 80 letters.")
    if len(intro) > 600:
        fields["intro"] = _("At most 600 letters.")
    clean = clean_colour(colour)
    if clean is None:
        fields["colour"] = _("Enter a colour such as #1e6b52.")
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, title=title, intro=intro)
    return {"title": title.strip(), "intro": intro.strip(), "colour": clean or ""}


def open_storefront(*, actor: Actor, title: str, intro: str = "", colour: str = "") -> Storefront:
    """Open the actor's storefront and make their share link to it. One per member; repeatable.

    The second call returns the first one's page as it is. Emits storefront.opened and link.shared.
    Raises LoginRequired, Invalid (fields).
    """
    if actor.id is None:
        raise LoginRequired()
    before = my_storefront(actor)
    if before is not None:
        return before
    columns = _clean(actor, title, intro, colour)
    try:
        with transaction.atomic():
            made = Storefront.objects.create(owner_id=actor.id, created_at=clock.now(), **columns)
            _link(made)
            events.emit(StorefrontOpened(storefront_id=made.pk, owner_id=actor.id), actor=actor)
    except IntegrityError:
        # Two taps at once: the other one was first.
        return require_storefront(actor)
    return made


def open_group_page(
    *, actor: Actor, group_id: int, title: str, intro: str = "", colour: str = ""
) -> Storefront:
    """Open the page of a group that the actor keeps, who is its first earner. Repeatable.

    Emits storefront.opened and link.shared. Raises LoginRequired, NotFound, Invalid (fields).
    """
    if actor.id is None:
        raise LoginRequired()
    if not ports.groups().keeps(actor, group_id):
        raise NotFound()
    before = page_of_group(group_id)
    if before is not None:
        return before
    columns = _clean(actor, title, intro, colour)
    try:
        with transaction.atomic():
            made = Storefront.objects.create(
                owner_id=actor.id, group_id=group_id, created_at=clock.now(), **columns
            )
            _link(made)
            events.emit(StorefrontOpened(storefront_id=made.pk, owner_id=actor.id), actor=actor)
    except IntegrityError:
        # Two moderators at once: the other one was first.
        return require_storefront(actor, group_id)
    return made


def name_earner(*, actor: Actor, group_id: int, account_id: int) -> Storefront:
    """Choose who earns from a group's page: one of its members, by one of its owners. Repeatable.

    It counts for orders from now on, and for pooled goods as if the earner had listed them. What
    others earned stays theirs. Audited; emits link.shared for a first link. Raises NotFound
    without the page or for who is no owner, Invalid (``account``) for who is no open member.
    """
    page = page_of_group(group_id)
    if page is None or not ports.groups().owns(actor, group_id):
        raise NotFound()
    earner = Account.objects.filter(pk=account_id, is_active=True).first()
    if earner is None or not ports.groups().belongs(account_id, group_id):
        raise Invalid(fields={"account": _("Choose a member of this group.")})
    if page.owner_id == earner.pk:
        return page
    with transaction.atomic():
        page.owner = earner
        page.save(update_fields=["owner"])
        _tell_own(page)
        _link(page)
        audit.record(
            actor=actor,
            action="storefront.name_earner",
            subject_kind="storefront",
            subject_id=page.pk,
            subject_label=page.title,
            detail={"earner": str(earner.pk)},
        )
    return page


def _tell_own(page: Storefront) -> None:
    """Tell the goods of the earner's own shops, which credit nobody, from those of others."""
    shops = ShopStaff.objects.filter(account_id=page.owner_id).values("shop_id")
    there = page.offers.exclude(state="ended")
    others = Product.objects.exclude(shop_id__in=shops)
    there.filter(kind="own", product__in=others).update(kind="selected")
    there.filter(kind="selected").exclude(product__in=others).update(kind="own")


def _link(page: Storefront) -> None:
    """Have a living share link of the earner's to the page; a revoked one is replaced.

    To the page of a group that nobody else may know of, one that works inside only.
    """
    earner = Actor(kind="member", id=page.owner_id)
    try:
        page.link = sharing.share(
            actor=earner, target_kind="storefront", target_id=page.pk, via=None
        )
    except sharing.TargetUnknown:
        if page.group_id is None:
            raise
        page.link = sharing.share_inside(
            actor=earner,
            target_kind="storefront",
            target_id=page.pk,
            place=place_of_group(page.group_id),
        )
    page.save(update_fields=["link"])


def edit_storefront(
    *,
    actor: Actor,
    title: str,
    intro: str,
    colour: str,
    cover: Image | None,
    group_id: int | None = None,
) -> Storefront:
    """Change what the actor's page, or that of a group they keep, says and looks like.

    Raises NotFound without one, Invalid.
    """
    columns = _clean(actor, title, intro, colour)
    with transaction.atomic():
        page = require_storefront(actor, group_id)
        changed = page.colour != columns["colour"]
        for name, value in columns.items():
            setattr(page, name, value)
        page.look += 1 if changed else 0
        page.cover = cover
        page.save(update_fields=[*columns, "look", "cover"])
        if page.state == "open":
            _link(page)
    return page


def close_storefront(*, actor: Actor, group_id: int | None = None) -> Storefront:
    """Take the actor's page, or that of a group they keep, off the site. Repeatable.

    Orders that came from it stay as they are.
    """
    with transaction.atomic():
        page = require_storefront(actor, group_id)
        if page.state != "closed":
            transition(STOREFRONT, page, "closed", actor=actor)
    return page


def reopen_storefront(*, actor: Actor, group_id: int | None = None) -> Storefront:
    """Show the actor's page, or that of a group they keep, again. Repeatable."""
    with transaction.atomic():
        page = require_storefront(actor, group_id)
        if page.state != "open":
            transition(STOREFRONT, page, "open", actor=actor)
            _link(page)
    return page
