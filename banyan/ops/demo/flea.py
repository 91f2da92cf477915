"""Members sell second-hand: what is offered, what waits in escrow, and two quarrels."""

from __future__ import annotations

import datetime as dt

from banyan.kernel import clock
from banyan.market import actions as market
from banyan.market.models import Dispute, Listing
from banyan.market.rules import place_of
from banyan.orders import actions as orders
from banyan.orders.models import Order

from . import wares
from .stage import SYSTEM, Stage, Till, give_back, want

DAY = dt.timedelta(days=1)


class Flea:
    """Tells of the members' market, thing by thing."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.till = Till("flea", stage.today)

    def tell_all(self) -> None:
        """Tell it."""
        self.stage.tell("second-hand")
        with clock.at(self.stage.at(0.8)):
            things = [self._post(used) for used in wares.USED]
        away, here, through, quarrel, decided = things[4:]
        today = self.stage.today
        self._bought(away, "ana", today - 2 * DAY)
        self._come(here, "ben", today - 4 * DAY)
        self._come(through, "mei", today - 9 * DAY)
        with clock.at(today - 2 * DAY):
            market.release_due(actor=SYSTEM)
        self._dispute(quarrel, "ana", today - 4 * DAY, "I was told it has no scratch. It has two.")
        dispute = self._dispute(decided, "juno", today - 6 * DAY, "One of the sticks is broken.")
        self._decide(dispute, today - 2 * DAY)

    def _post(self, used: wares.Used) -> Listing:
        actor = self.stage.member(used.seller)
        picture = self.stage.picture(actor, used.look, used.title)
        data = market.ListingInput(
            title=used.title,
            description=used.words,
            price=used.price,
            condition=used.condition,
            level1="上海市" if used.place and used.place[0] > 31 else "浙江省",
            handover=used.handover,
            category=used.category,
            place=place_of(*used.place) if used.place else None,
            images=[picture.pk],
            language=used.language,
        )
        return market.post_listing(actor=actor, data=data)

    def _bought(self, listing: Listing, buyer: str, at: dt.datetime) -> Order:
        """Let somebody buy a thing, and its seller send it a day later."""
        with clock.at(at):
            order = self.till.take(self.stage.member(buyer), want(listing.product))
        with clock.at(at + DAY):
            seller = self.stage.member_of(listing.seller_id)
            orders.ship(actor=seller, order_id=order.pk, carrier="Demo Post")
        return order

    def _come(self, listing: Listing, buyer: str, at: dt.datetime) -> Order:
        order = self._bought(listing, buyer, at)
        with clock.at(at + 3 * DAY):
            orders.confirm_receipt(actor=self.stage.member(buyer), order_id=order.pk)
            market.on_received(actor=SYSTEM, order=order, at=clock.now())
        return order

    def _dispute(self, listing: Listing, buyer: str, at: dt.datetime, body: str) -> Dispute:
        order = self._come(listing, buyer, at)
        with clock.at(at + 3 * DAY + DAY / 4):
            dispute = market.open_dispute(
                actor=self.stage.member(buyer),
                order_id=order.pk,
                reason="not_as_described",
                claim_amount=order.total_amount // 2,
                body=body,
            )
        with clock.at(at + 3 * DAY + DAY / 2):
            market.answer_dispute(
                actor=self.stage.member_of(listing.seller_id),
                dispute_id=dispute.pk,
                body="It was like this on the picture. I will take half of the blame.",
            )
        return dispute

    def _decide(self, dispute: Dispute, at: dt.datetime) -> None:
        with clock.at(at):
            market.decide_dispute(
                actor=self.stage.staff["demo_till"],
                dispute_id=dispute.pk,
                refund_amount=dispute.claim_amount,
                reason="The picture does not show the broken stick: half goes back.",
            )
            give_back(dispute.order.checkout)
