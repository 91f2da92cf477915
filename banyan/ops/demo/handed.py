"""Goods without a parcel: a lesson by voucher, a file, and a pool of keys."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product
from banyan.delivery import actions as delivery
from banyan.delivery.models import Grant, Voucher
from banyan.kernel import clock
from banyan.kernel.actors import Actor

from . import wares
from .stage import SYSTEM, Stage, Till, first_variant, want


class Handed:
    """Tells how they are sold, fetched, redeemed, and run out."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shop = stage.shop("kiln")
        self.owner = stage.owner(self.shop)
        self.till = Till("handed", stage.today)

    def tell_all(self) -> None:
        """Tell it."""
        self.stage.tell("a lesson, a file, some keys")
        with clock.at(self.stage.at(0.45)):
            lesson = self._on_sale(
                wares.LESSON,
                delivery.TermsInput(way="voucher", valid_days=20, places=wares.LESSON_PLACES),
                price=16_800,
                on_hand=40,
            )
            recipes = self._recipes()
            planner = self._planner()
        self._lessons(lesson)
        with clock.at(self.stage.at(0.88)):
            for handle in ("ana", "ben"):
                self.till.take(self.stage.member(handle), want(recipes), want(planner))
            self.till.take(Actor.guest("demohanded01"), want(planner))
            bought = Grant.objects.filter(product=recipes).order_by("id")[0]
            delivery.fetch(actor=self.stage.member("ana"), grant_id=bought.pk).stream.close()

    def _on_sale(
        self, ware: wares.Ware, terms: delivery.TermsInput, *, price: int, on_hand: int = 0
    ) -> Product:
        made = self._draft(ware, terms, price=price, on_hand=on_hand)
        return catalog.publish_product(actor=self.owner, product_id=made.pk)

    def _draft(
        self, ware: wares.Ware, terms: delivery.TermsInput, *, price: int, on_hand: int = 0
    ) -> Product:
        made = self.stage.make(ware, catalog.VariantInput(price=price, on_hand=on_hand))
        delivery.set_terms(actor=self.owner, product_id=made.pk, terms=terms)
        return made

    def _recipes(self) -> Product:
        made = self._draft(wares.RECIPES, delivery.TermsInput(way="file", downloads=3), price=2_400)
        name, content = wares.RECIPES_FILE
        delivery.put_file(
            actor=self.owner, product_id=made.pk, file=SimpleUploadedFile(name, content)
        )
        return catalog.publish_product(actor=self.owner, product_id=made.pk)

    def _planner(self) -> Product:
        made = self._on_sale(wares.PLANNER, delivery.TermsInput(way="keys"), price=5_900)
        keys = "\n".join(wares.PLANNER_KEYS)
        delivery.add_keys(actor=self.owner, variant_id=first_variant(made).pk, text=keys)
        return made

    def _lessons(self, lesson: Product) -> None:
        """Two vouchers of one order: one used, one run out; later ones used and still good."""
        with clock.at(self.stage.at(0.5)):
            early = self.till.take(self.stage.member("ana"), want(lesson, 2))
        with clock.at(self.stage.at(0.6)):
            self._use(early.pk, "demo-scan-1")
        with clock.at(self.stage.at(0.9)):
            delivery.expire_due(actor=SYSTEM)
            late = self.till.take(self.stage.member("kai"), want(lesson))
            self.till.take(self.stage.member("ana"), want(lesson, 2))
        with clock.at(self.stage.at(0.97)):
            self._use(late.pk, "demo-scan-2")
            self._use(late.pk, "demo-scan-3")  # shown a second time, and refused

    def _use(self, order_id: int, key: str) -> None:
        voucher = Voucher.objects.get(order_id=order_id, number=1)
        delivery.redeem(
            actor=self.owner,
            shop_id=self.shop.pk,
            code=delivery.open_voucher(voucher),
            key=key,
            place="The workshop",
        )
