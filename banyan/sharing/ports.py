"""What sharing asks of the floors above: what a link leads to, and what must be said about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor

from .models import Link

TARGET_KINDS = ("product", "post", "shop", "storefront")


@dataclass(frozen=True, slots=True)
class TargetCard:
    """What a link shows before it is opened. ``url`` is a path of this site or absolute;
    ``image`` an absolute path or URL, or empty; ``price`` a formatted text, or empty. ``label``
    says why it is commercial, where it must."""

    url: str
    title: str
    description: str = ""
    image: str = ""
    price: str = ""
    label: str = ""


Resolver = Callable[[Collection[int]], Mapping[int, TargetCard]]
"""Takes targets' ids; those that are gone or not for everybody to see are absent. As many
statements for a hundred as for one."""


Apart = Callable[[Actor, Collection[int]], Collection[int]]
"""Takes a member and ids that everybody may see; returns those that are not shown to the member,
because they and whose it is are apart. One statement for any number."""


class Coverage(Protocol):
    """Which of these targets show this product, or something of this shop."""

    def __call__(
        self, target_ids: Collection[int], *, product_id: int, shop_id: int
    ) -> Iterable[int]:
        """Return the ids that do."""


class Disclosure(Protocol):
    """The line a landing page owes its reader when the sharer may earn."""

    def __call__(self, link: Link, *, viewer: Actor, product_id: int | None) -> str:
        """Return the translated line, or an empty text when nobody can earn.

        It stays, without the name, when ``viewer`` and the sharer are apart.
        """


_resolvers: dict[str, Resolver] = {}
_apart: dict[str, Apart] = {}
_coverages: dict[str, Coverage] = {}
_disclosure: list[Disclosure] = []


def register_target(kind: str, resolver: Resolver) -> None:
    """Say what links to ``kind`` lead to. Called in ``AppConfig.ready()``; the last one counts."""
    _resolvers[kind] = resolver


def register_apart(kind: str, apart: Apart) -> None:
    """Say which targets of ``kind`` a block keeps from a member. Shops' things need none."""
    _apart[kind] = apart


def register_coverage(kind: str, coverage: Coverage) -> None:
    """Say which targets of ``kind`` show a product. Products and shops need none."""
    _coverages[kind] = coverage


def register_disclosure(disclosure: Disclosure) -> None:
    """Say what a landing page has to disclose. Called in ``AppConfig.ready()``."""
    _disclosure[:] = [disclosure]


def kinds() -> frozenset[str]:
    """Return the kinds of target that can be shared."""
    return frozenset(_resolvers)


def card(kind: str, target_id: int, *, viewer: Actor | None = None) -> TargetCard | None:
    """Return what a target looks like now, or None when it cannot be seen by everybody.

    For a ``viewer``: None for what is somebody's whom they are apart from, too.
    """
    return _resolve(kind, [target_id], viewer).get(target_id)


def cards_of(links: Iterable[Link], *, viewer: Actor | None = None) -> dict[int, TargetCard]:
    """Return what links lead to, by link id; those that lead nowhere any more are absent.

    ``viewer`` as in :func:`card`. At most eleven statements for any number of links.
    """
    by_kind: dict[str, list[Link]] = {}
    for link in links:
        by_kind.setdefault(link.target_kind, []).append(link)
    found: dict[int, TargetCard] = {}
    for kind, some in by_kind.items():
        shown = _resolve(kind, {link.target_id for link in some}, viewer)
        found |= {link.pk: shown[link.target_id] for link in some if link.target_id in shown}
    return found


def _resolve(
    kind: str, target_ids: Collection[int], viewer: Actor | None
) -> Mapping[int, TargetCard]:
    resolver = _resolvers.get(kind)
    if resolver is None:
        raise ImproperlyConfigured(f"nobody resolves links to a {kind}")
    apart = _apart.get(kind)
    if apart is not None and viewer is not None and viewer.id is not None:
        target_ids = set(target_ids) - set(apart(viewer, target_ids))
    return resolver(target_ids) if target_ids else {}


def covering(kind: str, target_ids: Collection[int], *, product_id: int, shop_id: int) -> set[int]:
    """Return which targets of a kind show the product or its shop's things; none if unknown."""
    coverage = _coverages.get(kind)
    if coverage is None or not target_ids:
        return set()
    return set(coverage(target_ids, product_id=product_id, shop_id=shop_id))


def disclosure_line(link: Link, *, viewer: Actor, product_id: int | None = None) -> str:
    """Return the line that ``viewer``, coming through ``link``, is owed, or an empty text."""
    if not _disclosure:
        raise ImproperlyConfigured("nobody provides the disclosure line of share links")
    return _disclosure[0](link, viewer=viewer, product_id=product_id)


def missing() -> list[str]:
    """Return what no floor above has registered yet; must be empty once Django has started."""
    absent = [f"target resolver for {kind}" for kind in TARGET_KINDS if kind not in _resolvers]
    if not _disclosure:
        absent.append("disclosure line")
    return absent
