"""What a mechanic is, and where mechanics are found.

A mechanic is one file: its terms (a :class:`~.terms.Terms`), the machine of its instances, hooks
that answer with effects, and a view. It needs no table and no change elsewhere. Those of this
package are in ``mechanics``; another package offers one by the entry point ``banyan.mechanics``.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.kernel.states import Machine
from banyan.orders.models import Order
from banyan.sharing.channels import CHANNELS, OPEN

from .blocks import Block, Proof
from .causes import kept_of
from .chance.draws import Draw
from .chance.instant import Wheel
from .checking import draw_blocks
from .disclosing import Gift, usual_facts
from .effects import Effect, Tell
from .models import Campaign, Contribution, Grant, Instance, Participation
from .persons import Person
from .policy import Facts
from .problems import Refused
from .seeds import seed_of
from .terms import Terms

T = TypeVar("T", bound=Terms)
GROUP = "banyan.mechanics"
DRAW = "campaign"
"""What the seeds of campaigns' draws and wheels are for."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came: the share link, the touch on it, and the app."""

    link_id: int | None = None
    touch_id: int | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Play(Generic[T]):
    """What a hook knows: everything is read, the instance's row is locked, ``at`` is the moment.

    ``person`` plays; nobody does where time calls. ``place`` is the place that was just taken,
    where the verb takes one, counted from 1 without those that are kept. ``mine`` is the person's
    own participation, ``given`` what the form or the program sent along.
    """

    campaign: Campaign
    terms: T
    instance: Instance
    person: Person | None
    at: dt.datetime
    place: int = 0
    mine: Participation | None = None
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> bytes:
        """The instance's seed, opened."""
        return seed_of(self.instance)

    @property
    def who(self) -> Person:
        """Whoever plays. Where time calls a hook there is nobody: ValueError."""
        if self.person is None:
            raise ValueError("nobody plays here")
        return self.person

    @property
    def is_own(self) -> bool:
        """Whether who plays has begun it, under whichever account."""
        return self.instance.owner_id in self.who.accounts


class Provable(Protocol):
    """Something that is split or ordered by chance from a seed: see ``chance``."""

    @property
    def terms(self) -> Mapping[str, Any]:
        """What is published of it when it begins."""

    def proof(self, seed: bytes) -> str:
        """Return the proof file, for when it is over."""


@dataclass(frozen=True, slots=True)
class Beginning(Generic[T]):
    """What is known before an instance exists; ``subject`` is the id that it will have.

    ``given`` is what who begins it has typed, where the mechanic asks for something.
    """

    actor: Actor
    campaign: Campaign
    terms: T
    at: dt.datetime
    subject: int
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """How an instance begins: places, money promised for it, what everybody may read of it.

    ``taken`` places are its owner's own from the beginning. With ``chance`` a seed is drawn, sealed
    and committed to; ``kept`` stays with us. ``code`` is a name that its owner chose for it.
    """

    cap: int
    lasts: dt.timedelta
    taken: int = 0
    promise: int = 0
    amount: int = 0
    chance: Provable | None = None
    code: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    public: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entry of a draw stands: its chances, or the code of the reason why it is void."""

    chances: int = 1
    void: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A template for a season or an aim: what it is called, and the terms it fills in."""

    title: Any
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """What a view knows: one page's rows. ``account_id`` is the reader's, if signed in.

    Where honour counts, ``helpers`` are those who did something for the owner, ``helped`` the plays
    of others in the campaign that the reader did something for.
    """

    campaign: Campaign
    terms: T
    instance: Instance
    account_id: int | None
    at: dt.datetime
    people: Sequence[Participation]
    helps: Sequence[Contribution]
    grants: Sequence[Grant]
    helpers: int = 0
    helped: int = 0

    @property
    def mine(self) -> Participation | None:
        """The reader's own place, if they have one."""
        rows = [one for one in self.people if one.account_id == self.account_id]
        return next((one for one in rows if one.state != "out"), None)

    @property
    def own(self) -> bool:
        """Whether the reader began it."""
        return self.account_id is not None and self.instance.owner_id == self.account_id


class Mechanic(ABC, Generic[T]):
    """Base of all mechanics. Hooks are called with the instance locked, inside the transaction.

    ``scarce`` are the verbs that take a place: by one conditional statement, before the hook is
    called. ``owner_joins``: who began it may take a place like anybody. ``pooled``: the instances
    of a campaign are entries of one draw, which is frozen and drawn when the campaign is over.
    ``shared``: what one does shows in the plays of all. ``watches``: it is told of orders of those
    who take part. ``reseats``: an unpaid place is given to others when its time is over, and
    whoever pays then may take another one, see :meth:`seats`. ``keeps``: for so long a place is
    kept for a visitor who wants to join and signs in. ``chance`` says whether luck decides
    anything, ``by_sharing`` whether sharing brings a benefit, ``pay_to_enter`` whether taking part
    is buying: facts that the policy reads. ``steps`` say in three sentences how it goes.
    ``landings`` are the ways it can end (see Campaign), the usual one first; ``drives`` what can
    move people to it. ``in_honour`` says in a sentence what it is where honour is all.
    ``plays_here``: plays begin on the campaign's page; else people take part on a page of its own.
    """

    code: ClassVar[str]
    title: ClassVar[Any]
    pitch: ClassVar[Any]
    terms: type[T]
    machine: ClassVar[Machine]
    scarce: ClassVar[frozenset[str]] = frozenset({"join"})
    pooled: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    watches: ClassVar[bool] = False
    reseats: ClassVar[bool] = False
    keeps: ClassVar[dt.timedelta | None] = None
    owner_joins: ClassVar[bool] = False
    chance: ClassVar[bool] = False
    by_sharing: ClassVar[bool] = True
    landings: ClassVar[tuple[str, ...]] = ("direct",)
    drives: ClassVar[tuple[str, ...]] = ("benefit", "honour", "both")
    in_honour: ClassVar[Any] = gettext_lazy("Who takes part has a mark of honour, nothing else.")
    steps: ClassVar[Sequence[Any]] = ()
    pay_to_enter: ClassVar[bool] = False
    plays_here: ClassVar[bool] = True
    presets: ClassVar[Mapping[str, Preset]] = {}

    @property
    def channels(self) -> frozenset[str]:
        """Channels where it may be played with all it has; elsewhere pages are neutral."""
        return OPEN if self.by_sharing else frozenset(CHANNELS)

    @abstractmethod
    def begin(self, new: Beginning[T]) -> Opening:
        """Say how an instance begins. Raises Refused or Invalid for what was ``given`` wrong."""

    def chance_of(self, instance: Instance, terms: T) -> Provable | None:
        """Return what decides by chance in an instance, as its :meth:`begin` did."""
        return None

    def admit(self, person: Person, instance: Instance, given: Mapping[str, Any]) -> None:
        """Refuse who may not take a place, before anything is locked: what is counted counts."""

    def card(self, instance: Instance) -> tuple[str, str]:
        """Return what a chat's card says: a title, and how it stands."""
        return title_of(instance.campaign), ""

    @abstractmethod
    def view(self, shown: Shown[T]) -> list[Block]:
        """Say what there is to see and to do for the reader."""

    @abstractmethod
    def worst_case(self, terms: T) -> int:
        """Return what one instance may cost at most, in minor units."""

    def cost(self, terms: T) -> int:
        """Return what one instance may cost at most; honour costs nothing."""
        return 0 if terms.honour else self.worst_case(terms)

    def reduced(self, terms: T) -> Sequence[tuple[int, int]]:
        """Return (units, price of each) that one play sells for less at most, no budget bearing it.

        Of a mechanic that is played elsewhere: all of it. What is sold is :meth:`advertised`.
        """
        return ()

    def price(self, terms: T) -> int | None:
        """Return what its goods come down to, in minor units; None where it gives coupons."""
        return None

    def gives(self, terms: T) -> Sequence[Gift]:
        """Return which coupons one play gives at most, and how many; of a pooled one all plays."""
        return [([getattr(terms, name) for name in terms.coupon_fields], 1)]

    def advertised(self, terms: T) -> tuple[int, int] | None:
        """Return the variant that is sold for less, and the price that is told, in minor units."""
        return terms.priced

    def facts(self, campaign: Campaign, terms: T) -> Facts:
        """Return what the policy reads, and the public rules say; words in the active language."""
        return usual_facts(self, campaign, terms)

    def faults(self, terms: T) -> Mapping[str, Any]:
        """Return what is wrong with terms that only the goods and coupons tell, by field."""
        return {}

    def published(self, actor: Actor, campaign: Campaign, terms: T) -> Mapping[str, Any]:
        """Set up what a campaign is played in elsewhere; return what is public of it."""
        return {}

    def turned(self, actor: Actor, campaign: Campaign, to: str) -> None:
        """The campaign is "paused", "published" again, or "ended" by its shop."""

    def entry_url(self, campaign: Campaign) -> str:
        """Return where people take part, if that is no page of the campaign's own."""
        return ""

    def how(self, campaign: Campaign) -> Sequence[Any]:
        """Say in sentences how it goes, by what moves people and how it ends."""
        return (self.in_honour,) if campaign.drive == "honour" else self.steps

    def hindered(self, terms: T) -> str:
        """Return the reason (of REASONS) why nobody can begin one just now; empty if one can."""
        return ""

    def turns(self, terms: T) -> int:
        """Return how often a person may begin it in one campaign."""
        return 1

    def opened(self, play: Play[T]) -> Sequence[Effect]:
        """Say what beginning it gives its owner."""
        return ()

    def join(self, play: Play[T]) -> Sequence[Effect]:
        """Somebody takes a place."""
        raise Refused("not_offered")

    def consoles(self, terms: T) -> bool:
        """Whether who comes too late for the last place has something all the same."""
        return False

    def late(self, play: Play[T]) -> Sequence[Effect]:
        """Somebody joins what is over because every place is taken, and it :meth:`consoles`."""
        raise Refused("drained")

    def progress(self, instance: Instance, terms: T, nth: int) -> Sequence[Tell]:
        """Say whom to tell that the ``nth`` help came; it is told in the background, later."""
        return ()

    def finished(self, instance: Instance, terms: T) -> Sequence[Tell]:
        """Say whom to tell that an instance has ended; it is told in the background, later."""
        return ()

    @property
    def helps(self) -> bool:
        """Whether others help who began it."""
        return type(self).help is not Mechanic.help

    def help(self, play: Play[T]) -> Sequence[Effect]:
        """Somebody helps the owner."""
        raise Refused("not_offered")

    def withdraw(self, play: Play[T]) -> Sequence[Effect]:
        """Somebody takes back what they did."""
        raise Refused("not_offered")

    def redeem(self, play: Play[T]) -> Sequence[Effect]:
        """The owner takes what was reached."""
        raise Refused("not_offered")

    def lapse(self, play: Play[T], one: Participation) -> Sequence[Effect]:
        """A reserved place ran out unpaid; the engine has given it back."""
        return ()

    def paid(self, play: Play[T], one: Participation) -> Sequence[Effect]:
        """A reserved place is paid: it counts."""
        raise Refused("not_offered")

    def seats(self, play: Play[T], one: Participation) -> bool:
        """Whether who has paid for ``one``, which is gone, may have a place here for that money."""
        return False

    def bought(self, play: Play[T], one: Participation, order: Order) -> Sequence[Effect]:
        """Who takes part has paid an order of the campaign's shop."""
        return ()

    def received(self, play: Play[T], one: Participation, order: Order) -> Sequence[Effect]:
        """The order that is followed has arrived."""
        return ()

    def refunded(self, play: Play[T], one: Participation, order: Order) -> Sequence[Effect]:
        """The order that is followed :meth:`stands` no more; to entries of a draw: any order."""
        return ()

    def stands(self, terms: T, order: Order, one: Participation | None = None) -> bool:
        """Tell whether an order (``one`` follows it) counts after what was given back of it."""
        return kept_of(order) > 0

    def undone(self, play: Play[T]) -> Sequence[Effect]:
        """The order that began it does not count any more."""
        return ()

    def apology(self, terms: T) -> int | None:
        """Return the coupon for whose payment came too late and went back; None without one."""
        return None

    def figures(self, campaign: Campaign) -> Sequence[tuple[Any, Any]]:
        """Return what tells its shop more of how it goes: labels and values."""
        return ()

    def due(self, play: Play[T], one: Participation) -> Sequence[Effect]:
        """The moment has come to decide about somebody."""
        return ()

    def draw_of(self, campaign: Campaign, terms: T) -> Draw:
        """Return the draw of a ``pooled`` campaign, as it is published before it opens."""
        raise TypeError(f"{self.code} is pooled and has no draw")

    def wheel_of(self, campaign: Campaign, terms: T) -> Wheel | None:
        """Return the wheel that all who take part turn, if there is one; see ``effects.Turn``."""
        return None

    def standing(
        self, campaign: Campaign, terms: T, people: Sequence[Participation]
    ) -> Mapping[int, Standing]:
        """Return how entries of a ``pooled`` campaign stand, by participation. Some statements.

        ``people`` have their instances loaded.
        """
        return {one.pk: Standing() for one in people}

    def voided(self, play: Play[T], reason: str) -> Sequence[Effect]:
        """The entry ``play.mine`` is void, before the list is frozen."""
        raise TypeError(f"{self.code} is pooled and voids no entry")

    def drawn(self, play: Play[T], prize: str | None) -> Sequence[Effect]:
        """The entry ``play.mine`` has won ``prize``, or nothing; ``play.place`` is its rank.

        Rank 0 does not move up any more. Whoever has a rank and no prize may be asked again, when
        a prize has come free.
        """
        raise TypeError(f"{self.code} is pooled and gives no prize")

    def fairness(self, shown: Shown[T]) -> list[Block]:
        """Show what was fixed beforehand, and where to check it once it is over."""
        instance = shown.instance
        if self.pooled:
            return draw_blocks(shown.campaign, instance)
        if not instance.commitment:
            return []
        if instance.ended_at is None:
            text = _("Everything that chance decides here was decided at the beginning.")
            return [Proof(instance.commitment, text)]
        url = f"/verify?proof=/play/{instance.code}/proof"
        return [Proof(instance.commitment, _("It is over: the seed is public."), url)]

    @abstractmethod
    def expire(self, play: Play[T]) -> Sequence[Effect]:
        """The deadline has come; the instance has to end."""


INSTANCES = "campaigns_instance"
"""The table that the machines of all mechanics share."""

OWNER = "owner"
"""The role of who began an instance and takes no place in it."""

VERBS = ("join", "help", "withdraw", "redeem")
"""What people do to an instance that exists."""

BUILT_IN = (
    "coupon_pack:CouponPack",
    "group_buy:GroupBuy",
    "bargain:Bargaining",
    "like_collection:LikeCollection",
    "red_packet:RedPacket",
    "assist_draw:AssistDraw",
    "instant_draw:InstantDraw",
    "referral:Referral",
    "flash_sale:FlashSale",
)


@cache
def mechanics() -> Mapping[str, Mechanic[Any]]:
    """Return all mechanics by code, ours first, then those of other packages."""
    found: dict[str, Mechanic[Any]] = {}
    for place in BUILT_IN:
        module, _colon, name = place.partition(":")
        made = getattr(import_module(f"{__package__}.mechanics.{module}"), name)()
        found[made.code] = made
    for point in entry_points(group=GROUP):
        made = point.load()()
        if made.code in found:
            raise ValueError(f"two mechanics are called {made.code}")
        found[made.code] = made
    return found


def mechanic(code: str) -> Mechanic[Any]:
    """Return a mechanic by its code; NotFound when there is none."""
    found = mechanics().get(code)
    if found is None:
        raise NotFound(detail=f"no mechanic {code}")
    return found


def title_of(campaign: Campaign) -> str:
    """Return what a campaign is called; the platform's own by their kind, in the reader's words."""
    return str(mechanic(campaign.mechanic).title) if campaign.shop_id is None else campaign.title


def terms_of(instance: Instance) -> Any:
    """Return the terms that an instance began under, typed."""
    return mechanic(instance.campaign.mechanic).terms.model_validate(instance.version.terms)


def comes_late(instance: Instance, at: dt.datetime) -> bool:
    """Tell whether who joins finds every place taken, and has something for it: see ``late``."""
    if instance.ended_at is None or instance.taken < instance.cap or at >= instance.deadline:
        return False
    return mechanic(instance.campaign.mechanic).consoles(terms_of(instance))
