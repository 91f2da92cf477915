"""Opening, changing and closing a storefront."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from banyan.kernel.states import transition
from banyan.media.models import Image
from banyan.moderation.actions import check_names
from banyan.sharing import actions as sharing

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
            _link(actor, made)
            events.emit(StorefrontOpened(storefront_id=made.pk, owner_id=actor.id), actor=actor)
    except IntegrityError:
        # Two taps at once: the other one was first.
        return require_storefront(actor)
    return made


def open_group_page(
    *, actor: Actor, group_id: int, title: str, intro: str = "", colour: str = ""
) -> Storefront:
    """Open the page of a group that the actor keeps; what it earns is theirs. Repeatable.

    Emits storefront.opened and link.shared. Raises LoginRequired, NotFound, Invalid (fields).
    """
    if actor.id is None:
        raise LoginRequired()
    if not ports.keeps(actor, group_id):
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
            _link(actor, made)
            events.emit(StorefrontOpened(storefront_id=made.pk, owner_id=actor.id), actor=actor)
    except IntegrityError:
        # Two moderators at once: the other one was first.
        return require_storefront(actor, group_id)
    return made


def _link(actor: Actor, storefront: Storefront) -> None:
    """Have a living share link of the owner's to the page; a revoked one is replaced.

    The page of a group that nobody else may know of has none.
    """
    if storefront.owner_id != actor.id:
        return
    try:
        storefront.link = sharing.share(
            actor=actor, target_kind="storefront", target_id=storefront.pk, via=None
        )
    except sharing.TargetUnknown:
        if storefront.group_id is None:
            raise
        return
    storefront.save(update_fields=["link"])


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
            _link(actor, page)
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
            _link(actor, page)
    return page
