"""Say hello: the first friends who say hello to whoever began it get a coupon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from banyan.campaigns.blocks import Block, Countdown, Faces, Next, Note, Progress, Won
from banyan.campaigns.effects import Effect, Enter, GiveCoupon, Move
from banyan.campaigns.mechanic import (
    INSTANCES,
    Beginning,
    Mechanic,
    Opening,
    Play,
    Preset,
    Shown,
)
from banyan.campaigns.problems import Refused
from banyan.campaigns.terms import Ask, Terms
from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon
from banyan.kernel.states import Machine


class HelloTerms(Terms):
    """The form of the studio is drawn from this, and a published campaign keeps it."""

    coupon_fields: ClassVar[tuple[str, ...]] = ("coupon",)

    coupon: Annotated[int, Ask("Coupon for the first", kind="coupon")]
    first: Annotated[int, Ask("How many get one"), Field(ge=1, le=100)] = 3


class Hello(Mechanic[HelloTerms]):
    """A place is a coupon; who says hello last closes it."""

    code = "hello"
    title = "Say hello"
    pitch = "The first friends who say hello get a coupon."
    terms = HelloTerms
    machine = Machine(
        name="campaigns.hello.state",
        table=INSTANCES,
        initial="open",
        transitions={"open": ("full", "closed"), "full": (), "closed": ()},
    )
    presets: ClassVar[Mapping[str, Preset]] = {"ten": Preset("The first ten", {"first": 10})}

    def worst_case(self, terms: HelloTerms) -> int:
        """Every place is taken: so much of the budget is kept when one begins."""
        coupon = Coupon.objects.get(pk=terms.coupon)
        return terms.first * (most_off(coupon.terms) or 0)

    def begin(self, new: Beginning[HelloTerms]) -> Opening:
        """It lasts as long as the campaign."""
        promise = self.worst_case(new.terms)
        return Opening(
            cap=new.terms.first,
            lasts=new.campaign.ends_at - new.at,
            promise=promise,
            kept={"cost": promise // new.terms.first},
        )

    def join(self, play: Play[HelloTerms]) -> Sequence[Effect]:
        """The place is taken already: say what it brings."""
        who, hello = play.who.account_id, play.instance
        if who == hello.owner_id:
            raise Refused("own")
        cost = hello.secret["cost"]
        effects: list[Effect] = [
            Enter("friend", place=play.place),
            GiveCoupon(who, play.terms.coupon, "hello", f"play:{hello.pk}", cost),
        ]
        if play.place == hello.cap:
            effects.append(Move("full", ends=True))
        return effects

    def expire(self, play: Play[HelloTerms]) -> Sequence[Effect]:
        """What nobody took goes back to the budget."""
        return [Move("closed", ends=True)]

    def view(self, shown: Shown[HelloTerms]) -> list[Block]:
        """Facts first, then the one thing that the reader can do."""
        hello = shown.instance
        blocks: list[Block] = [
            Progress(hello.taken, hello.cap, f"{hello.taken} of {hello.cap} said hello"),
            Faces("Who said hello", [one.account_id for one in shown.people]),
        ]
        if shown.mine is not None:
            return [*blocks, Won("A coupon is yours", "", "/me/coupons", "My coupons")]
        if hello.ended_at is not None:
            return [*blocks, Note("This is over.")]
        blocks.append(Countdown(hello.deadline, "Then it closes."))
        if shown.own:
            return [*blocks, Next("share", "Send it to friends")]
        return [*blocks, Next("join", "Say hello")]
