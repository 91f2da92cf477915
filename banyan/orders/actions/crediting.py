"""Who brought what is bought: the links of its lines, and everybody on the way, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.sharing import queries as sharing
from banyan.sharing.actions import confirm_touch
from banyan.sharing.models import Link

from .quoting import Quote


@dataclass(frozen=True, slots=True)
class Credit:
    """The share link that brought a line, the touch it rests on, and everybody on the way."""

    link: Link
    touch_id: int | None
    path: list[dict[str, str]]
    proven: bool


def credits_of(actor: Actor, wanted: Quote) -> dict[int, Credit]:
    """Return, per variant, who brought it. Asked once per shop and code, not once per line."""
    now = clock.now()
    known: dict[tuple[str, int | None, int], Credit | None] = {}
    found: dict[int, Credit] = {}
    for line in wanted.lines:
        product = wanted.variants[line.variant_id].product
        question = (line.via, line.touch_id, product.shop_id)
        if question not in known:
            known[question] = _credit(
                sharing.attribute(
                    visitor=actor.visitor,
                    account_id=actor.id,
                    via_code=line.via or None,
                    product_id=product.pk,
                    shop_id=product.shop_id,
                    at=now,
                    touch_id=line.touch_id,
                )
            )
        credit = known[question]
        if credit is not None:
            found[line.variant_id] = credit
    return found


def _credit(found: sharing.Attribution | None) -> Credit | None:
    if found is None:
        return None
    path = [
        {
            "link": str(step.link_id),
            "owner": str(step.owner_id),
            "handle": step.handle,
            "name": step.display_name,
            "at": step.at.isoformat(),
        }
        for step in sharing.path_of(found.link)
    ]
    return Credit(found.link, found.touch_id, path, found.proven)


def confirm_touches(actor: Actor, credits: Iterable[Credit]) -> None:
    """A checkout proves a person as well as the page's own note does, and it may come first."""
    unproven = {each.touch_id for each in credits if each.touch_id and not each.proven}
    for touch_id in sorted(unproven):
        confirm_touch(actor=actor, touch_id=touch_id)
