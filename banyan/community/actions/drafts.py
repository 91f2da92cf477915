"""Posts that are not out yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.people.access import member_id
from banyan.people.actions.holds import hold_kept

from ..models import PostDraft

MOST_DRAFTS = 20
MOST_LETTERS = 20_000


def save_draft(
    *, actor: Actor, form: Mapping[str, Sequence[str]], draft_id: int | None = None
) -> PostDraft:
    """Keep what was typed; with ``draft_id`` instead of what that draft held.

    Raises Conflict ``too_many_drafts`` above 20, Invalid when it is too long for a post.
    """
    owner_id = member_id(actor)
    plain = {name: [str(value) for value in values] for name, values in form.items()}
    if sum(len(text) for values in plain.values() for text in values) > MOST_LETTERS:
        raise Invalid(fields={"body": _("At most 5,000 letters.")})
    now = clock.now()
    with transaction.atomic():
        if draft_id is not None:
            draft = PostDraft.objects.select_for_update().filter(pk=draft_id).first()
            if draft is None or draft.owner_id != owner_id:
                raise NotFound()
            draft.form, draft.updated_at = plain, now
            draft.save(update_fields=["form", "updated_at"])
            return draft
        hold_kept(owner_id)
        _require_room(owner_id)
        return PostDraft.objects.create(
            owner_id=owner_id, form=plain, created_at=now, updated_at=now
        )


def _require_room(owner_id: int) -> None:
    if PostDraft.objects.filter(owner_id=owner_id).count() >= MOST_DRAFTS:
        raise Conflict(_("You have 20 drafts. Delete one first."), code="too_many_drafts")


def delete_draft(*, actor: Actor, draft_id: int) -> None:
    """Take one's own draft away. Repeatable."""
    PostDraft.objects.filter(pk=draft_id, owner_id=member_id(actor)).delete()
