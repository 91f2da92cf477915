"""What comes after a sale: parcels in parts, returns in every state, papers, money asked for."""

from __future__ import annotations

import datetime as dt

from banyan.catalog import actions as catalog
from banyan.catalog.models import Variant
from banyan.entitlements import actions as entitlements
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.orders.models import Order, Return
from banyan.payments import actions as payments
from banyan.payments.models import Intent

from . import wares
from .stage import ADDRESS, GATEWAY, Stage, Till, give_back, want

FAPIAO = b"%PDF-1.4\n% A demo: this paper is no invoice.\n%%EOF\n"
DAY = dt.timedelta(days=1)
LATIN = ADDRESS | {"level1": "Zhejiang", "level2": "Hangzhou", "level3": "Xihu"}
# Who sends a glazed tumbler back, why, and how far it has come.
RETURNS = (
    ("ana", "changed_mind", "asked"),
    ("ana", "wrong_size", "approved"),
    ("kai", "not_as_described", "sent"),
    ("mei", "changed_mind", "received"),
    ("ana", "damaged", "refunded"),
    ("noor", "other", "refused"),
    ("juno", "changed_mind", "withdrawn"),
)
WORDS = {
    "changed_mind": "It is too large for my shelf.",
    "wrong_size": "I thought it was the tall one.",
    "not_as_described": "这个颜色和图上不太一样。",
    "damaged": "A chip at the rim, see for yourself.",
    "other": "My neighbour has the same now.",
}


class AfterSale:
    """Tells what became of some orders of one shop."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shop = stage.shop("kiln")
        self.owner = stage.owner(self.shop)
        self.till = Till("aftersale", stage.today)

    def tell_all(self) -> None:
        """Tell it; the glazed tumbler has been there for a while."""
        self.stage.tell("parcels, returns, papers")
        with clock.at(self.stage.at(0.5)):
            orders.set_terms(
                actor=self.owner,
                shop_id=self.shop.pk,
                confirm_days=10,
                return_days=15,
                return_address="Kiln & Co, Demo Road 1",
                instructions="Wrap it as if it were yours, please.",
            )
            orders.set_legal_entity(
                actor=self.owner,
                shop_id=self.shop.pk,
                name="Kiln & Co (demo)",
                address="Demo Road 1, Hangzhou",
            )
            entitlements.set_points_terms(
                actor=self.owner,
                shop_id=self.shop.pk,
                is_on=True,
                earn=1,
                worth=2,
                most_percent=20,
                life_days=365,
            )
            kai = self.stage.member("kai").id or 0
            lena = self.stage.member("lena").id or 0
            catalog.hire(actor=self.owner, shop_id=self.shop.pk, account_id=kai, role="clerk")
            catalog.hire(actor=self.owner, shop_id=self.shop.pk, account_id=lena, role="manager")
        cup = self._cup()
        self._in_parts()
        self._just_paid()
        self._changed()
        for handle, reason, state in RETURNS:
            self._return(handle, reason, state, cup[0])
        self._exchange(cup)
        self._papers()
        self._asked_for()

    def _cup(self) -> list[Variant]:
        title = wares.TUMBLER.names[0]
        return list(
            Variant.objects.filter(product__shop=self.shop, product__title=title).order_by("id")
        )

    def _in_parts(self) -> None:
        """Ana's two cups are here; what else she bought is still to be sent."""
        first, second = self.stage.goods(self.shop)[:2]
        with clock.at(self.stage.today - 2 * DAY):
            order = self.till.take(self.stage.member("ana"), want(first, 2), want(second))
        with clock.at(self.stage.today - DAY):
            line = order.lines.order_by("id")[0]
            orders.ship(
                actor=self.owner,
                order_id=order.pk,
                carrier="Demo Express",
                tracking="DX-PART-1",
                units={line.pk: 1},
                key="demo:part:1",
            )
            orders.write_note(
                actor=self.owner, order_id=order.pk, body="The second parcel goes on Friday."
            )

    def _just_paid(self) -> None:
        """What can still be called off, or sent to another address."""
        with clock.at(self.stage.today - DAY / 12):
            self.till.take(self.stage.member("ana"), want(self.stage.goods(self.shop)[0]))

    def _changed(self) -> None:
        """The shop sends one cup fewer than was paid, and pays it back."""
        with clock.at(self.stage.today - 2 * DAY):
            order = self.till.take(
                self.stage.member("ben"), want(self.stage.goods(self.shop)[0], 3)
            )
        with clock.at(self.stage.today - DAY):
            wish = orders.Wish("quantity", line_id=order.lines.get().pk, quantity=2)
            shown = orders.preview_change(actor=self.owner, order_id=order.pk, wish=wish)
            orders.confirm_change(
                actor=self.owner,
                order_id=order.pk,
                wish=wish,
                fingerprint=shown.fingerprint,
                key="demo:change:1",
                reason="One of the three cracked in the kiln",
            )
            give_back(order.checkout)

    def _come(self, handle: str, variant: Variant, at: float) -> Order:
        """Sell one, sent and received within four days."""
        with clock.at(self.stage.at(at)):
            return self.till.sell(self.stage.member(handle), orders.WantedLine(variant.pk))

    def _return(self, handle: str, reason: str, state: str, variant: Variant) -> None:
        who = self.stage.member(handle)
        order = self._come(handle, variant, 0.86)
        # What waits for its answer is of today: later the clock would have answered it.
        asked_at = self.stage.today - DAY / 2 if state == "asked" else self.stage.at(0.94)
        with clock.at(asked_at):
            found = orders.ask_return(
                actor=who,
                order_id=order.pk,
                units={order.lines.get().pk: 1},
                reason=reason,
                text=WORDS[reason],
                key=f"demo:return:{order.pk}",
            )
        with clock.at(self.stage.at(0.95)):
            self._lead(found, state)

    def _lead(self, found: Return, state: str) -> None:
        """Lead a return on to ``state``."""
        who = self.stage.member_of(found.order.checkout.buyer_id)
        if state == "refused":
            why = "This one was used, as the picture shows."
            orders.refuse_return(actor=self.owner, return_id=found.pk, reason=why)
        elif state == "withdrawn":
            orders.withdraw_return(actor=who, return_id=found.pk)
        elif state != "asked":
            orders.approve_return(actor=self.owner, return_id=found.pk)
            if state != "approved":
                orders.send_return(
                    actor=who,
                    return_id=found.pk,
                    carrier="Demo Post",
                    tracking=f"R{found.pk % 999}",
                )
            if state in {"received", "refunded", "exchanged"}:
                orders.receive_return(actor=self.owner, return_id=found.pk)
            if state in {"refunded", "exchanged"}:
                self._settle(found, at_fault=found.reason == "damaged")

    def _settle(self, found: Return, *, at_fault: bool) -> None:
        line = found.lines.get()
        condition = "damaged" if at_fault else "as_new"
        orders.settle_return(
            actor=self.owner,
            return_id=found.pk,
            found={line.pk: orders.Found(1, restocked=0 if at_fault else 1, condition=condition)},
            at_fault=at_fault,
        )
        give_back(found.order.checkout)

    def _exchange(self, cup: list[Variant]) -> None:
        """White comes back, Moss goes out."""
        order = self._come("wren", cup[0], 0.86)
        with clock.at(self.stage.at(0.94)):
            line = order.lines.get()
            found = orders.ask_return(
                actor=self.stage.member("wren"),
                order_id=order.pk,
                units={line.pk: 1},
                exchange={line.pk: cup[2].pk},
                reason="changed_mind",
                text="The green one, after all.",
                key="demo:exchange:1",
            )
        with clock.at(self.stage.at(0.96)):
            self._lead(found, "exchanged")
            orders.ship(
                actor=self.owner, order_id=order.pk, carrier="Demo Express", tracking="DX-SWAP"
            )

    def _papers(self) -> None:
        """An invoice with a credit note, a 发票 asked for and one that came."""
        goods = self.stage.goods(self.shop)
        with clock.at(self.stage.at(0.87)):
            billed = self.till.sell(self.stage.member("ana"), want(goods[0], 2), address=LATIN)
            asked = self.till.sell(self.stage.member("mei"), want(goods[0]))
            issued = self.till.sell(self.stage.member("ana"), want(goods[0]))
        with clock.at(self.stage.at(0.95)):
            orders.issue_document(actor=self.owner, order_id=billed.pk, kind="invoice")
            refund = orders.grant_refund(
                actor=self.owner, order_id=billed.pk, amount=500, reason="Late", key="demo:credit"
            )
            give_back(billed.checkout)
            orders.credit_refund(refund_id=refund.pk)
            for order, handle, title in ((asked, "mei", "小美"), (issued, "ana", "Ana")):
                orders.ask_fapiao(
                    actor=self.stage.member(handle),
                    order_id=order.pk,
                    title_kind="personal",
                    title=title,
                    email=f"{handle}@example.com",
                )
            orders.issue_fapiao(
                actor=self.owner, order_id=issued.pk, number="DEMO2400000001", file=FAPIAO
            )

    def _asked_for(self) -> None:
        """A deposit is paid, the rest is open."""
        with clock.at(self.stage.today - DAY):
            for number, note in enumerate(("A set for the café, deposit", "A set, the rest")):
                request = payments.ask_for_payment(
                    actor=self.owner,
                    payee_kind="shop",
                    payee_id=self.shop.pk,
                    amount=Money((number + 1) * 30_000, self.shop.currency),
                    note=note,
                    good_for=dt.timedelta(days=14),
                )
                if number == 0:
                    self._paid(
                        payments.intent_for_request(
                            actor=GATEWAY, request=request, provider="sandbox"
                        )
                    )

    def _paid(self, intent: Intent) -> None:
        payments.capture(
            actor=GATEWAY,
            intent_id=intent.pk,
            paid=payments.Paid(
                provider_ref=f"pay_demo_{intent.pk}",
                money=Money(intent.amount, intent.currency),
                at=clock.now(),
            ),
        )
