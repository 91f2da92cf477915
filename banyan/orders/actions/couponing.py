"""Which coupons a purchase is bought with: the best legal set, or what is left to the buyer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from banyan.catalog.models import Variant
from banyan.entitlements.actions import CouponRefused
from banyan.entitlements.queries import (
    asks_how,
    asks_who,
    candidates,
    category_lines,
    used_up_by,
)
from banyan.entitlements.rules import (
    BestSet,
    Candidate,
    Line,
    Miss,
    Purchase,
    Refused,
    apply_set,
    best_set,
    savings,
)
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.sharing.models import Link

from ..rules import Discount, LineInput, ShopTerms, TaxOnTop
from .persons import Contact, is_newcomer, same_person


@dataclass(frozen=True, slots=True)
class Coupons:
    """The coupons of a quote; ``problem`` is why the typed code is not used, if it cannot be.

    ``person``: every key of the buyer, where there were coupons to ask about.
    """

    best: BestSet = field(default_factory=BestSet)
    problem: CouponRefused | None = None
    person: frozenset[str] = frozenset()

    @property
    def chosen(self) -> list[Candidate]:
        """The coupons that are used, in the order in which they are worked out."""
        return [given.candidate for given in self.best.applied]

    def discounts(self) -> list[Discount]:
        """Return what they take off, as pricing takes it."""
        return [
            Discount("coupon", use.code, goods, use.funded_by, shipping, use.title)
            for use, goods, shipping in (
                (one.candidate, one.goods, one.shipping) for one in self.best.applied
            )
        ]


def choose(
    *,
    actor: Actor,
    contact: Contact | None,
    code: str,
    off: Collection[int],
    basket: Basket,
) -> Coupons:
    """Return the best legal set of what the buyer holds, what is for everybody, and the code.

    ``off`` are the ids of those that the buyer took off; a typed ``code`` is meant whatever was
    taken off. One statement to find them, one for the buyer's keys and one for their uses where
    there are any, and one for each thing that a found coupon asks about.
    """
    code = code.strip()
    found = candidates(actor=actor, shop_ids=basket.shop_ids(), code=code)
    if not found:
        return Coupons(problem=CouponRefused("coupon_unknown") if code else None)
    keys = same_person(actor, contact or Contact()) if actor.id or contact else set()
    found = used_up_by(found, keys)
    newcomer = is_newcomer(keys) if keys and asks_who(found) else None
    purchase = basket.purchase(
        newcomer=newcomer,
        categories=category_lines(found),
        shared=basket.shared() if asks_how(found) else set(),
    )
    taken_off = [one for one in found if one.key in off and not one.typed]
    best = best_set(purchase, [one for one in found if one not in taken_off])
    refused = (*best.refused, *(Refused(one, Miss("coupon_off")) for one in taken_off))
    best = BestSet(best.applied, refused, best.savings)
    return Coupons(best, _problem(code, found, best), frozenset(keys))


def _problem(code: str, found: Sequence[Candidate], best: BestSet) -> CouponRefused | None:
    """Return why a typed code cannot be used; being saved for a better one is no problem."""
    if not code:
        return None
    typed = [one for one in found if one.typed]
    if not typed:
        return CouponRefused("coupon_unknown")
    refused = best.refusal_of(one.key for one in typed)
    if refused is None or refused.miss.code == "coupon_less":
        return None
    return CouponRefused(refused.miss.code, miss=refused.miss, currency=refused.candidate.currency)


def again(kept: Coupons, basket: Basket) -> Coupons:
    """Work out the same coupons on a basket that may have changed, whatever is left of them.

    For a placement that has reserved them and makes sure that nothing else moved.
    """
    purchase = basket.purchase(newcomer=None, categories={}, shared=set())
    found = kept.chosen
    if category := category_lines(found):
        purchase = basket.purchase(newcomer=None, categories=category, shared=set())
    given = apply_set(purchase, found)
    return Coupons(BestSet(given, (), savings(purchase, given)))


@dataclass(frozen=True, slots=True)
class Basket:
    """What coupons are chosen for: priced lines, their variants, the share codes, shipping.

    Pooled lines are left alone: their price is another page's, and the shop is promised its part.
    They still count for what shipping costs.
    """

    inputs: Sequence[LineInput]
    variants: Mapping[int, Variant]
    via: Mapping[int, str]
    terms: Sequence[ShopTerms]
    currency: str

    def shop_ids(self) -> list[int]:
        """Return the shops."""
        return [terms.shop_id for terms in self.terms]

    def shared(self) -> Collection[int]:
        """Return the lines that came through a link that is open. One statement."""
        codes = {code for code in self.via.values() if code}
        open_ones = set(
            Link.objects.filter(code__in=codes, revoked_at=None).values_list("code", flat=True)
        )
        return {key for key, code in self.via.items() if code in open_ones}

    def _asking(self, terms: ShopTerms) -> Callable[[int], int]:
        """Return what a shop asks for shipping, by its goods that travel; nothing without any."""
        method = terms.method
        sent = [one for one in self._mine(terms.shop_id) if one.in_parcel]
        if method is None or not sent:
            return lambda goods: 0
        weight = sum(one.weight_grams * one.quantity for one in sent)
        pooled = sum(one.unit_amount * one.quantity for one in sent if one.is_pooled)
        return lambda goods: method.charge(goods=goods + pooled, weight=weight)

    def _mine(self, shop_id: int) -> list[LineInput]:
        return [one for one in self.inputs if one.shop_id == shop_id]

    def purchase(
        self,
        *,
        newcomer: bool | None,
        categories: Mapping[int, frozenset[int]],
        shared: Collection[int],
    ) -> Purchase:
        """Return what coupon rules know of it."""
        return Purchase(
            lines=tuple(
                Line(
                    key=one.key,
                    shop_id=one.shop_id,
                    product_id=self.variants[one.key].product_id,
                    variant_id=self.variants[one.key].pk,
                    quantity=one.quantity,
                    goods=one.unit_amount * one.quantity,
                    categories=categories.get(
                        self.variants[one.key].product.category_id or 0, frozenset()
                    ),
                    tags=frozenset(str(tag) for tag in self.variants[one.key].product.tags),
                    shared=one.key in shared,
                    sent=one.in_parcel,
                )
                for one in self.inputs
                if not one.is_pooled
            ),
            shipping={terms.shop_id: self._asking(terms) for terms in self.terms},
            most_shipping={
                terms.shop_id: max((n for _begins, n in terms.method.bands), default=0)
                for terms in self.terms
                if terms.method is not None
            },
            on_top={
                terms.shop_id: TaxOnTop(terms.tax, self._mine(terms.shop_id))
                for terms in self.terms
                if terms.tax is not None and not terms.tax.included
            },
            currency=self.currency,
            at=clock.now(),
            newcomer=newcomer,
        )
