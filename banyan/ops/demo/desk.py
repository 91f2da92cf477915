"""The demo's operators, and what they did and have yet to do; by public actions, too."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator

from django.conf import settings

from banyan.catalog import actions as catalog
from banyan.earnings import actions as earnings
from banyan.earnings.problems import NothingToPay
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from banyan.people import actions as people

from . import cast

SYSTEM = Actor.system("demo")


def make_staff(handle: str, name: str, roles: tuple[str, ...]) -> Actor:
    """Make a staff member and return them as an actor."""
    account = people.create_account(
        actor=SYSTEM, contact=None, handle=handle, display_name=name, is_demo=True
    )
    for role in roles:
        people.give_role(actor=SYSTEM, account_id=account.pk, role=role, reason="demo")
    return Actor(kind="staff", id=account.pk, roles=frozenset(roles), label=f"@{handle}")


class DeskStory:
    """A payout batch paid by two people, another prepared, a shop that waits."""

    def __init__(
        self,
        tell: Callable[[str], None],
        staff: dict[str, Actor],
        member: Callable[[str], Actor],
    ) -> None:
        self.tell = tell
        self.staff = staff
        self.member = member

    def tell_all(self, at: Callable[[float], dt.datetime]) -> None:
        """Tell it; ``at`` gives the moment at a part of the demo's time."""
        self.tell("the desk")
        with contextlib.suppress(NothingToPay):  # a demo made small for a test
            self._paid_batch(at)
            self._prepared_batch(at)
        self._waiting_shop(at)
        self._looked_for_in_vain(at)

    def _paid_batch(self, at: Callable[[float], dt.datetime]) -> None:
        with clock.at(at(0.7)):
            earnings.release_due(actor=SYSTEM)
            batch = earnings.draft_batch(
                actor=self.staff["demo_till"], minimum=100, reason="the month's earnings"
            )
        with clock.at(at(0.702)):
            earnings.submit_batch(
                actor=self.staff["demo_desk"],
                batch_id=batch.pk,
                provider="sandbox",
                reason="looked through, as agreed",
            )
        with clock.at(at(0.71)):
            for number, payout in enumerate(
                Payout.objects.filter(subject_kind="payout_batch", subject_id=batch.pk)
            ):
                refused = number == 1
                payments.settle_payout(
                    actor=Actor.provider("sandbox"),
                    payout_id=payout.pk,
                    succeeded=not refused,
                    provider_ref=f"po_demo_{payout.pk}",
                    failure="account_closed" if refused else "",
                )

    def _prepared_batch(self, at: Callable[[float], dt.datetime]) -> None:
        with clock.at(at(0.99)):
            earnings.release_due(actor=SYSTEM)
            earnings.draft_batch(
                actor=self.staff["demo_till"], reason="this month, to be looked at"
            )

    def _waiting_shop(self, at: Callable[[float], dt.datetime]) -> None:
        slug, name, about, owner = cast.WAITING_SHOP
        with clock.at(at(0.985)), _approval_asked():
            catalog.open_shop(
                actor=self.member(owner), name=name, slug=slug, about=about, currency="CNY"
            )

    def _looked_for_in_vain(self, at: Callable[[float], dt.datetime]) -> None:
        for words, times in cast.SOUGHT:
            with clock.at(at(0.99)):
                for _time in range(times):
                    catalog.note_empty_search(words)


@contextlib.contextmanager
def _approval_asked() -> Iterator[None]:
    """Ask for approval inside, whatever this platform's setting is."""
    usual = settings.SHOP_APPROVAL
    settings.SHOP_APPROVAL = True
    try:
        yield
    finally:
        settings.SHOP_APPROVAL = usual
