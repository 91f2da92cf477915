"""Everything that can be bought, in any order, with acts that fall over in the middle.

One machine drives carts, orders, payments, refunds, returns, sales and escrow by the public
actions, and asks after every act what must hold whatever was done (``commerce_truths``). A refusal
is an answer, and anything else that is raised is a fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from django.db import OperationalError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from banyan.catalog import actions as catalog
from banyan.catalog.actions import locations
from banyan.catalog.actions import stock as stock_module
from banyan.catalog.models import Stock
from banyan.delivery import actions as delivery
from banyan.delivery.models import Voucher
from banyan.delivery.queries import bought as handed_over
from banyan.earnings.actions import holds
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Conflict, IdempotencyMismatch, Problem, SoldOut
from banyan.ledger.actions import forget_accounts
from banyan.ledger.proof import verify
from banyan.market import actions as market
from banyan.market.models import Dispute
from banyan.orders import actions as orders
from banyan.orders.actions import refunds as refunds_module
from banyan.orders.models import Cart, Checkout, Order, OrderRefund, Return
from banyan.payments import actions as payments
from banyan.payments.models import Intent, Refund
from banyan.payments.rules import Outcome
from banyan.sales import actions as sales
from banyan.sales.models import Bucket, Right
from tests.properties.commerce_floor import (
    CODE,
    PLATFORMS,
    START,
    SYSTEM,
    Buyer,
    Cut,
    Floor,
    Ware,
    falling_over_at,
    open_floor,
)
from tests.properties.commerce_truths import broken, miscounted

T = TypeVar("T")
numbers = st.integers(0, 11)
quantities = st.integers(1, 3)


class Commerce(RuleBasedStateMachine):
    """The market's floor for one run."""

    def __init__(self, floor: Floor) -> None:
        super().__init__()
        self.floor = floor
        self.now = START
        self.brought: dict[int, int] = {}
        self.cut: int | None = None
        self.told: list[str] = []
        # Durable acts may run inside it, as inside the savepoint of a test.
        self.room = transaction.atomic()
        self.room._from_testcase = True  # type: ignore[attr-defined]
        self.room.__enter__()

    def teardown(self) -> None:
        """Look once more, at the books too, and put the floor back as it was."""
        try:
            assert verify().clean, verify()
        finally:
            transaction.set_rollback(True)
            self.room.__exit__(None, None, None)
            forget_accounts()

    # -- how an act is done -----------------------------------------------------------------------

    def act(self, call: Callable[[], T]) -> T | None:
        """Do something; a refusal is noted. What fell over is tried once more."""
        cut, self.cut = self.cut, None
        with clock.at(self.now):
            try:
                with falling_over_at(cut):
                    return self._refusable(call)
            except (Cut, OperationalError):
                self._check()
                return self._refusable(call)

    def _refusable(self, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except Problem as problem:
            assert not isinstance(problem, Busy), "nobody else is here"
            if isinstance(problem, SoldOut):
                self._check_sold_out(problem)
            self.told.append(problem.code)
            return None

    def _check_sold_out(self, problem: SoldOut) -> None:
        """Nobody is sent away while there is enough: see the acts that set ``wanted``."""
        for variant_id in map(int, problem.extra.get("variants", [])):
            free = Stock.objects.get(variant_id=variant_id).free
            assert free < self.wanted.get(variant_id, 1), f"{free} free, and sold out"

    wanted: dict[int, int] = {}

    def _check(self) -> None:
        assert broken() == {}
        assert miscounted(self.floor, self.brought) == []

    @invariant()
    def everything_holds(self) -> None:
        """Ask after every act."""
        self._check()

    def one(self, rows: Sequence[T], number: int) -> T | None:
        """Return one of the rows, or None without any."""
        return rows[number % len(rows)] if rows else None

    def order(self, number: int, *states: str) -> Order | None:
        """Return an order in one of these states."""
        rows = Order.objects.filter(state__in=states).select_related("checkout").order_by("id")
        return self.one(list(rows), number)

    def shop_of(self, order: Order) -> Actor:
        """Return whoever runs the shop of an order."""
        return self.floor.owners[order.shop_id]

    def buyer_of(self, order: Order) -> dict[str, Any]:
        """Return how the buyer of an order acts on it."""
        by = {buyer.actor.id: buyer.actor for buyer in self.floor.buyers}
        return {
            "actor": by[order.checkout.buyer_id],
            "access_token": order.checkout.access_token,
        }

    # -- the world --------------------------------------------------------------------------------

    @rule(statement=st.integers(0, 60))
    def the_next_act_falls_over(self, statement: int) -> None:
        """Let a statement of the next act fail."""
        self.cut = statement

    @rule(minutes=st.sampled_from([4, 16, 60, 400, 3 * 1440, 8 * 1440, 16 * 1440]))
    def time_passes(self, minutes: int) -> None:
        """Let time pass, and let the clock's jobs run."""
        self.now += dt.timedelta(minutes=minutes)
        for job in (
            orders.expire_due,
            sales.advance_sales,
            orders.auto_confirm,
            orders.lapse_returns,
            delivery.expire_due,
            holds.release_due,
            market.release_due,
        ):
            self.act(lambda job=job: job(actor=SYSTEM))  # type: ignore[misc]

    @rule()
    def events_are_told(self) -> None:
        """Let everybody hear what happened."""
        self.act(relay.drain)

    @rule(ware=numbers, n=st.integers(1, 2))
    def goods_come_in(self, ware: int, n: int) -> None:
        """Count more of something onto the shelf."""
        found = self.floor.wares[ware % len(self.floor.wares)]
        if found.name in {"game", "bicycle"}:
            return
        stock = Stock.objects.select_related("variant__product").get(variant_id=found.variant_id)
        done = self.act(
            lambda: catalog.set_on_hand(
                actor=self.floor.owners[stock.variant.product.shop_id],
                variant_id=found.variant_id,
                on_hand=stock.on_hand + n,
                saw=stock.on_hand,
            )
        )
        if done is not None:
            self.brought[found.variant_id] = self.brought.get(found.variant_id, 0) + n

    @rule(place=numbers, n=quantities, back=st.booleans())
    def goods_are_carried(self, place: int, n: int, back: bool) -> None:
        """Carry goods to the cellar or from there."""
        variant_id, cellar = self.one(list(self.floor.places.items()), place) or (0, 0)
        stock = Stock.objects.select_related("variant__product").get(variant_id=variant_id)
        self.act(
            lambda: locations.transfer(
                actor=self.floor.owners[stock.variant.product.shop_id],
                variant_id=variant_id,
                quantity=n,
                source_id=cellar if back else None,
                target_id=None if back else cellar,
            )
        )

    # -- buying -----------------------------------------------------------------------------------

    @rule(
        who=numbers,
        goods=st.lists(st.tuples(numbers, quantities), min_size=1, max_size=3),
        coupon=st.sampled_from(["", "", CODE, PLATFORMS]),
        shared=st.booleans(),
    )
    def somebody_orders(
        self, who: int, goods: list[tuple[int, int]], coupon: str, shared: bool
    ) -> None:
        """Look at the price and place the order; pressing twice is one order."""
        buyer = self.floor.buyers[who % len(self.floor.buyers)]
        lines = self._lines(goods, shared)
        key = new_code(80)
        quote = self.act(
            lambda: orders.quote(
                actor=buyer.actor, lines=lines, coupon_code=coupon, contact=buyer.contact
            )
        )
        if quote is None:
            return
        self._wants(lines, quote)

        def place(agreed: int | None = None) -> Checkout:
            return self._place(buyer, lines, coupon, key, agreed)

        placed = self.act(place)
        if placed is None:
            return
        self._nothing_more(lambda: place().pk, placed.pk)
        with pytest.raises(IdempotencyMismatch), clock.at(self.now):
            place(placed.total_amount + 1)

    def _lines(self, goods: list[tuple[int, int]], shared: bool) -> list[orders.WantedLine]:
        wares = self.floor.wares
        return [self._line(wares[number % len(wares)], n, shared) for number, n in goods]

    def _line(self, ware: Ware, n: int, shared: bool) -> orders.WantedLine:
        via = self.floor.via if shared else ""
        return orders.WantedLine(ware.variant_id, n, via=via, offer_id=ware.offer_id)

    def _place(
        self,
        buyer: Buyer,
        lines: list[orders.WantedLine],
        coupon: str,
        key: str,
        agreed: int | None,
    ) -> Checkout:
        return orders.place(
            actor=buyer.actor,
            lines=lines,
            contact=buyer.contact,
            address=buyer.address,
            placement_key=key,
            provider="sandbox",
            coupon_code=coupon,
            agreed_total=agreed,
        )

    def _wants(self, lines: Sequence[orders.WantedLine], quote: orders.Quote) -> None:
        """Note how many free units an order needs: those of a sale are kept elsewhere."""
        in_sale = quote.in_sale()
        self.wanted = {
            line.variant_id: line.quantity
            for line in quote.lines
            if line.variant_id not in in_sale
        }

    def _nothing_more(self, again: Callable[[], object], first: object) -> None:
        """An act that was done answers the same when it is asked for again."""
        with clock.at(self.now):
            assert again() == first

    @rule(who=numbers, goods=st.lists(st.tuples(numbers, quantities), min_size=1, max_size=3))
    def somebody_fills_a_cart_and_orders(self, who: int, goods: list[tuple[int, int]]) -> None:
        """Fill the cart; what is ordered leaves it."""
        buyer = self.floor.buyers[1 + who % 2]
        cart = self.act(lambda: orders.cart_for(actor=buyer.actor))
        assert cart is not None
        for line in self._lines(goods, False):
            self.act(
                lambda line=line: orders.add_to_cart(  # type: ignore[misc]
                    actor=buyer.actor,
                    cart=cart,
                    variant_id=line.variant_id,
                    quantity=line.quantity,
                    offer_id=line.offer_id,
                )
            )
        held = list(cart.items.order_by("id"))
        lines = [
            orders.WantedLine(item.variant_id, item.quantity, offer_id=item.offer_id)
            for item in held
        ]
        if not lines:
            return
        self.wanted = {line.variant_id: line.quantity for line in lines}
        placed = self.act(
            lambda: orders.place(
                actor=buyer.actor,
                lines=lines,
                contact=buyer.contact,
                address=buyer.address,
                placement_key=new_code(80),
                provider="sandbox",
                cart_token="mine",
            )
        )
        assert Cart.objects.get(pk=cart.pk).items.exists() == (placed is None)
        cart.items.all().delete()

    @rule(who=numbers, ware=numbers, off=st.sampled_from([-1, 1, 100_000]))
    def somebody_changes_the_total(self, who: int, ware: int, off: int) -> None:
        """A total that is not the price is refused, and nothing is written."""
        buyer = self.floor.buyers[who % len(self.floor.buyers)]
        lines = self._lines([(ware, 1)], False)
        quote = self.act(lambda: orders.quote(actor=buyer.actor, lines=lines))
        if quote is None:
            return
        self._wants(lines, quote)
        before = Checkout.objects.count()
        placed = self.act(
            lambda: self._place(buyer, lines, "", new_code(80), quote.total.amount + off)
        )
        if off > 0 and quote.total.amount + off > quote.total.amount + 50_000:
            return  # who agreed to more is content with less
        assert placed is None or placed.total_amount <= quote.total.amount + off
        assert Checkout.objects.count() == before + (placed is not None)

    @rule(number=numbers, how=st.sampled_from(["well", "well", "well", "short", "again", "late"]))
    def money_arrives(self, number: int, how: str) -> None:
        """Money arrives: as asked, too little, by a second payment, or for an order that ended."""
        states = ["placed", "paid"] if how != "late" else ["expired", "cancelled"]
        rows = Checkout.objects.filter(state__in=states, intent_id__isnull=False).order_by("id")
        checkout = self.one(list(rows), number)
        if checkout is None:
            return
        intent = Intent.objects.get(pk=checkout.intent_id)
        amount = intent.amount - (how == "short")
        if not amount:
            return
        paid = payments.Paid(
            provider_ref=f"{'second' if how == 'again' else 'pay'}_{intent.pk}",
            money=Money(amount, intent.currency),
            at=self.now,
        )

        def capture() -> Outcome:
            actor = Actor.provider(intent.provider)
            return payments.capture(actor=actor, intent_id=intent.pk, paid=paid)

        came = self.act(capture)
        after = Checkout.objects.get(pk=checkout.pk).state
        if how == "short" and checkout.state == "placed":
            assert (came, after) == (Outcome.AMOUNT_MISMATCH, "placed")
        if how == "late":
            assert after == checkout.state, "what has ended stays so"
        if came in {Outcome.CAPTURED, Outcome.ALREADY_CAPTURED}:
            self._nothing_more(capture, Outcome.ALREADY_CAPTURED)

    @rule(number=numbers)
    def an_order_is_given_up(self, number: int) -> None:
        """Cancel before paying; a paid one is refused."""
        checkout = self.one(list(Checkout.objects.order_by("id")), number)
        if checkout is None:
            return
        by = {buyer.actor.id: buyer.actor for buyer in self.floor.buyers}
        self.act(
            lambda: orders.cancel_checkout(
                actor=by[checkout.buyer_id],
                checkout_id=checkout.pk,
                access_token=checkout.access_token,
            )
        )

    # -- a flash sale -----------------------------------------------------------------------------

    @rule(who=numbers)
    def somebody_claims(self, who: int) -> None:
        """Claim a unit of the sale."""
        buyer = self.floor.buyers[1 + who % 2]
        item = self.floor.sale.items.get()
        before = Bucket.objects.get(item=item, kind="public")
        told = len(self.told)
        self.act(
            lambda: sales.claim(
                actor=buyer.actor, sale_id=self.floor.sale.pk, variant_id=item.variant_id
            )
        )
        if "sold_out" in self.told[told:]:
            assert before.size == before.taken, "units are left, and sold out"

    @rule(who=numbers)
    def somebody_enters_a_code(self, who: int) -> None:
        """Enter the sale's code: once it is somebody's, nobody else has it."""
        buyer = self.floor.buyers[1 + who % 2]
        code = self.floor.sale_codes[0]
        self.act(
            lambda: sales.enter_code(
                actor=buyer.actor, sale_id=self.floor.sale.pk, code=code
            )
        )

    @rule(number=numbers)
    def somebody_lets_go(self, number: int) -> None:
        """Give a claimed unit back."""
        rows = Right.objects.filter(state="bound").order_by("id")
        right = self.one(list(rows), number)
        if right is None:
            return
        by = {buyer.actor.id: buyer.actor for buyer in self.floor.buyers}
        self.act(lambda: sales.let_go(actor=by[right.account_id], right_id=right.pk))

    # -- sending ----------------------------------------------------------------------------------

    @rule(number=numbers, some=st.booleans(), n=quantities)
    def a_parcel_is_sent(self, number: int, some: bool, n: int) -> None:
        """Send all that is left, or some units of one line; a key makes it one parcel."""
        order = self.order(number, "paid", "shipped", "received")
        if order is None:
            return
        line = self.one(list(order.lines.order_by("id")), number)
        assert line is not None
        key = new_code(80)

        def ship() -> int:
            return orders.ship(
                actor=self.shop_of(order),
                order_id=order.pk,
                carrier="SF",
                units={line.pk: n} if some else None,
                key=key,
            ).pk

        sent = self.act(ship)
        if sent is not None:
            self._nothing_more(ship, sent)

    @rule(number=numbers)
    def a_parcel_arrives(self, number: int) -> None:
        """The buyer confirms."""
        order = self.order(number, "paid", "shipped", "received")
        if order is not None:
            self.act(lambda: orders.confirm_receipt(order_id=order.pk, **self.buyer_of(order)))

    @rule(number=numbers)
    def a_voucher_is_redeemed(self, number: int) -> None:
        """Redeem a voucher of an order, twice: the second scan says so."""
        voucher = self.one(list(Voucher.objects.order_by("id")), number)
        if voucher is None:
            return
        codes = handed_over([voucher.line_id])[voucher.line_id].vouchers
        code = next((code for row, code in codes if row.pk == voucher.pk), None)
        if code is None:
            return
        boss = self.floor.owners[voucher.shop_id]
        for _ in range(2):
            self.act(
                lambda: delivery.redeem(
                    actor=boss, shop_id=voucher.shop_id, code=code, key=new_code(80)
                )
            )

    # -- money back -------------------------------------------------------------------------------

    @rule(number=numbers, some=st.booleans(), n=quantities)
    def units_are_cancelled(self, number: int, some: bool, n: int) -> None:
        """The buyer cancels what was not sent."""
        order = self.order(number, "paid", "shipped")
        if order is None:
            return
        line = self.one(list(order.lines.order_by("id")), number)
        assert line is not None
        self.act(
            lambda: orders.cancel_order(
                order_id=order.pk,
                key=new_code(80),
                units={line.pk: n} if some else None,
                **self.buyer_of(order),
            )
        )

    @rule(number=numbers, share=st.integers(1, 100))
    def money_is_asked_for(self, number: int, share: int) -> None:
        """The buyer asks for a part of the money."""
        order = self.order(number, "paid", "shipped", "received")
        if order is None:
            return
        left = order.total_amount - order.refunded_amount
        self.act(
            lambda: orders.ask_refund(
                order_id=order.pk,
                amount=max(1, left * share // 100),
                reason="scratched",
                key=new_code(80),
                **self.buyer_of(order),
            )
        )

    @rule(number=numbers, share=st.integers(1, 110), grant=st.booleans(), restock=st.booleans())
    def a_wish_is_answered(self, number: int, share: int, grant: bool, restock: bool) -> None:
        """The shop grants what was asked for, another amount, or nothing."""
        rows = OrderRefund.objects.filter(state="requested").select_related("order__checkout")
        wish = self.one(list(rows.order_by("id")), number)
        if wish is None:
            return
        boss = self.shop_of(wish.order)
        if not grant:
            self.act(lambda: orders.refuse_refund(actor=boss, refund_id=wish.pk, reason="No."))
            return
        self.act(
            lambda: orders.grant_refund(
                actor=boss,
                order_id=wish.order_id,
                amount=max(1, wish.amount * share // 100),
                reason=wish.reason,
                key=wish.key,
                restock=restock,
                request_id=wish.pk,
            )
        )

    @rule(number=numbers, share=st.sampled_from([1, 33, 50, 100]), restock=st.booleans())
    def the_shop_pays_back_a_line(self, number: int, share: int, restock: bool) -> None:
        """The shop gives back a part of one line's price."""
        order = self.order(number, "paid", "shipped", "received")
        line = self.one(list(order.lines.order_by("id")), number) if order else None
        if order is None or line is None:
            return
        amount = (line.paid_amount - line.refunded_amount) * share // 100
        self._grant(order, amount, restock, lines={line.pk: amount})

    @rule(number=numbers, share=st.sampled_from([1, 50, 100, 101]), restock=st.booleans())
    def the_shop_pays_back_an_order(self, number: int, share: int, restock: bool) -> None:
        """The shop gives back a part of the whole."""
        order = self.order(number, "paid", "shipped", "received")
        if order is not None:
            left = order.total_amount - order.refunded_amount
            self._grant(order, left * share // 100, restock)

    def _grant(self, order: Order, amount: int, restock: bool, **how: Any) -> None:
        key = new_code(80)

        def grant() -> int:
            return orders.grant_refund(
                actor=self.shop_of(order),
                order_id=order.pk,
                amount=amount,
                reason="sorry",
                key=key,
                restock=restock,
                **how,
            ).pk

        given = self.act(grant)
        if given is not None:
            self._nothing_more(grant, given)

    @rule(number=numbers, well=st.booleans())
    def the_bank_answers(self, number: int, well: bool) -> None:
        """A refund arrives or fails; the provider says so twice."""
        rows = Refund.objects.exclude(state__in=["succeeded", "failed"]).order_by("id")
        refund = self.one(list(rows), number)
        if refund is None:
            return

        def settle() -> Outcome:
            return payments.settle_refund(
                actor=Actor.provider("sandbox"),
                refund_id=refund.pk,
                sequence=refund.sequence,
                succeeded=well,
                provider_ref=f"re_{refund.pk}",
                failure="" if well else "closed",
            )

        self.act(settle)
        self.act(settle)

    @rule(number=numbers)
    def a_failed_refund_is_sent_again(self, number: int) -> None:
        """Ask the bank again."""
        rows = OrderRefund.objects.filter(state="failed").select_related("order__checkout")
        refund = self.one(list(rows.order_by("id")), number)
        if refund is not None:
            who = self.buyer_of(refund.order)
            self.act(lambda: orders.retry_refund(refund_id=refund.pk, **who))

    # -- goods back -------------------------------------------------------------------------------

    @rule(number=numbers, n=quantities, exchange=st.booleans(), fault=st.booleans())
    def goods_shall_go_back(self, number: int, n: int, exchange: bool, fault: bool) -> None:
        """The buyer asks to send something back, for money or for the other kind."""
        order = self.order(number, "paid", "shipped", "received")
        if order is None:
            return
        lines = list(order.lines.filter(shipped_quantity__gt=0).order_by("id"))
        line = self.one(lines, number)
        if line is None:
            return
        other = self.floor.exchanges.get(line.variant_id, line.variant_id)
        self.act(
            lambda: orders.ask_return(
                order_id=order.pk,
                units={line.pk: n},
                reason="damaged" if fault else "changed_mind",
                key=new_code(80),
                exchange={line.pk: other} if exchange else None,
                **self.buyer_of(order),
            )
        )

    @rule(
        number=numbers,
        accepted=st.integers(0, 3),
        restocked=st.integers(0, 3),
        fault=st.booleans(),
        other=st.integers(0, 9),
    )
    def a_return_moves_on(
        self, number: int, accepted: int, restocked: int, fault: bool, other: int
    ) -> None:
        """The shop or the buyer does what comes next, now and then something else."""
        rows = Return.objects.select_related("order__checkout").order_by("id")
        found = self.one(list(rows), number)
        if found is None:
            return
        boss, buyer = self.shop_of(found.order), self.buyer_of(found.order)
        line = found.lines.get()
        n = min(accepted, line.quantity)
        seen = {line.pk: orders.Found(accepted=n, restocked=min(restocked, n))}
        steps: dict[str, Callable[[], object]] = {
            "asked": lambda: orders.approve_return(
                actor=boss, return_id=found.pk, address="Warehouse 7"
            ),
            "approved": lambda: orders.send_return(return_id=found.pk, carrier="SF", **buyer),
            "sent": lambda: orders.receive_return(actor=boss, return_id=found.pk),
            "received": lambda: orders.settle_return(
                actor=boss, return_id=found.pk, found=seen, at_fault=fault, answer="As seen."
            ),
            "refused": lambda: orders.refuse_return(
                actor=boss, return_id=found.pk, reason="No."
            ),
            "withdrawn": lambda: orders.withdraw_return(return_id=found.pk, **buyer),
            "money": lambda: orders.offer_money(actor=boss, return_id=found.pk),
        }
        usual = steps.get(found.state, steps["received"])
        step = list(steps.values())[other] if other < len(steps) else usual
        self.act(step)

    # -- between members --------------------------------------------------------------------------

    @rule(number=numbers, share=st.integers(1, 101))
    def a_buyer_complains(self, number: int, share: int) -> None:
        """The buyer of something second-hand, or of a shop's goods, asks for a decision."""
        order = self.order(number, "paid", "shipped", "received")
        if order is None:
            return
        left = order.total_amount - order.refunded_amount
        self.act(
            lambda: market.open_dispute(
                order_id=order.pk,
                reason="not_as_described",
                claim_amount=left * share // 100,
                body="It is another one.",
                **self.buyer_of(order),
            )
        )

    @rule(number=numbers, share=st.integers(0, 101), withdraw=st.booleans())
    def a_dispute_ends(self, number: int, share: int, withdraw: bool) -> None:
        """Support decides, or the buyer takes it back."""
        rows = Dispute.objects.filter(state="open").select_related("order__checkout")
        dispute = self.one(list(rows.order_by("id")), number)
        if dispute is None:
            return
        if withdraw:
            who = self.buyer_of(dispute.order)
            self.act(lambda: market.withdraw_dispute(dispute_id=dispute.pk, **who))
            return
        left = dispute.order.total_amount - dispute.order.refunded_amount
        self.act(
            lambda: market.decide_dispute(
                actor=self.floor.support,
                dispute_id=dispute.pk,
                refund_amount=left * share // 100,
                reason="Seen.",
            )
        )


_SOAK = settings.default is not None and settings.default.max_examples >= 1_000
RUNS = settings(
    max_examples=400 if _SOAK else 20,
    stateful_step_count=60 if _SOAK else 30,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def floor(db: None) -> Floor:
    """Return the market as it opens."""
    return open_floor()


def test_whatever_is_done_in_whatever_order_and_falls_over_everything_holds(floor: Floor) -> None:
    run_state_machine_as_test(lambda: Commerce(floor), settings=RUNS)
