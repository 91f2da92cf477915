"""How somebody came to a page: the share code of the address, and the people it came through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest

from banyan.kernel.digits import whole
from banyan.media.queries import Files, files_of
from banyan.people.access import hidden_from
from banyan.sharing.channels import channel_of, is_restricted
from banyan.sharing.models import Link
from banyan.sharing.queries import PathStep, link_by_code, path_of
from banyan.web.ui.addresses import url
from banyan.web.ui.shapes import Face

from ...http import actor
from ..people.faces import somebody


@dataclass(slots=True)
class Arrival:
    """The link that brought the reader, if any. ``neutral``: no word of earning may be shown.

    ``files`` are those of the faces and of the pictures that were asked for with them.
    """

    link: Link | None = None
    touch: str = ""
    faces: list[Face] = field(default_factory=list)
    neutral: bool = False
    files: Files = field(default_factory=lambda: Files(()))

    @property
    def sharer(self) -> str:
        """The name of who shared the link that was opened, unless reader and sharer are apart."""
        handle = self.link.owner.handle if self.link else ""
        return next((face.name for face in self.faces if face.handle == handle), "")

    @property
    def code(self) -> str:
        """The share code to carry on."""
        return self.link.code if self.link else ""


def arrival_of(
    request: HttpRequest,
    *,
    link: Link | None = None,
    touch: str = "",
    images: Sequence[int] = (),
) -> Arrival:
    """Read ``via`` and ``t`` of the address. Three statements with a code, none without.

    ``link`` and ``touch`` stand for them where the address is the share link itself. ``images``
    are pictures of the page, whose files are read together with the faces'.
    """
    headers = request.headers
    neutral = is_restricted(channel_of(headers.get("user-agent", ""), headers.get("referer", "")))
    code = request.GET.get("via", "")[:24]
    if link is None and code:
        link = link_by_code(code)
    touch = touch or request.GET.get("t", "")
    touch = touch if whole(touch) is not None else ""
    if link is None or link.owner_id == actor(request).id:
        # The page still says that it ran, so that an owner's own look is known as one.
        return Arrival(touch=touch, neutral=neutral, files=files_of(images))
    steps = path_of(link)
    hidden = _hidden(request, steps)
    shown = [step.avatar_id for step in steps if step.owner_id not in hidden]
    files = files_of([*shown, *images])
    return Arrival(link, touch, _faces(steps, hidden, files), neutral, files)


def _hidden(request: HttpRequest, steps: list[PathStep]) -> set[int]:
    """Return who of them is not named: to visitors whose account is closed, without a statement."""
    if actor(request).id is None:
        return {step.owner_id for step in steps if not step.is_open}
    return hidden_from(actor(request), [step.owner_id for step in steps])


def _faces(steps: list[PathStep], hidden: Collection[int], files: Files) -> list[Face]:
    """Return who it came through; whom a member is apart from keeps the credit, unnamed."""
    return [
        somebody()
        if step.owner_id in hidden
        else Face(
            name=step.display_name,
            handle=step.handle,
            url=url("profile", step.handle),
            picture_url=files.thumb(step.avatar_id),
        )
        for step in steps
    ]
