"""What somebody waits for who asked to be told when a sale begins."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.notify import kinds
from banyan.notify.kinds import Happening
from banyan.notify.ports import Subject, register_subject

from .access import get_sale_for
from .models import Sale

STARTS = "sale.starts"


def find_sale(*, actor: Actor, subject_id: int, asking: bool) -> Subject:
    """Return a published sale; see ``notify.ports.FindSubject``.

    Raises Conflict ``sale_begun`` for whoever asks to be told of what has begun or is over.
    """
    sale = get_sale_for(actor, subject_id)
    if asking and (sale.state in {"draft", "ended"} or clock.now() >= sale.starts_at):
        raise Conflict(gettext_lazy("There is no beginning to wait for."), code="sale_begun")
    return Subject(sale.title, path_of(sale))


def path_of(sale: Sale) -> str:
    """Return the path of a sale's page."""
    return f"/sale/{sale.pk}"


def _starts(happening: Happening) -> str:
    return _("%(title)s: the sale begins.") % {"title": happening.data["title"]}


register_subject(STARTS, find_sale)
kinds.register(STARTS, _starts, icon="clock", family="reminders")
