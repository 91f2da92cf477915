"""One good proof file of every kind and rule, from fixed seeds."""

from __future__ import annotations

import hashlib

from banyan.campaigns.chance import bargains, draws, packets, packs
from banyan.campaigns.chance.bargains import Bargain
from banyan.campaigns.chance.draws import Draw
from banyan.campaigns.chance.instant import Prize, Turn, Wheel
from banyan.campaigns.chance.packets import Packet
from banyan.campaigns.chance.packs import Pack
from banyan.kernel.fairness import Entrant
from banyan.kernel.proofs import Void, freeze
from banyan.sales.rules import Room

WHEEL = Wheel(
    9, (Prize("mug", 2, 3, "pen"), Prize("pen", 5, 10), Prize("☕", 3), Prize("nothing", 40))
)


def seed(name: str) -> bytes:
    """Return the fixed seed called ``name``."""
    return hashlib.sha256(name.encode()).digest()


def turns(wheel: Wheel, key: bytes, n: int) -> list[Turn]:
    """Turn a wheel ``n`` times; its stock is taken as a shop's would be."""
    left = {prize.id: prize.stock for prize in wheel.prizes}

    def take(prize: str) -> bool:
        stock = left[prize] or 0
        left[prize] = max(0, stock - 1)
        return stock > 0

    found = []
    for i in range(n):
        who = f"member {i % 7}"
        found.append(Turn(who, wheel.given(wheel.drawn(seed=key, n=i, who=who), take)))
    return found


def every_proof() -> dict[str, str]:
    """Return name -> text."""
    found = {}
    for rule in packets.RULES:
        packet = Packet(subject=1, currency="CNY", total=10_001, count=10, rule=rule)
        found[f"packet {rule}"] = packet.proof(seed(rule))
        tight = Packet(
            subject=1, currency="CNY", total=1_000, count=9, least=50, most=130, rule=rule
        )
        if rule != packets.EQUAL:
            found[f"packet {rule} within bounds"] = tight.proof(seed(rule))
    for rule in bargains.RULES:
        bargain = Bargain(subject=2, currency="CNY", start=9_999, floor=1_000, people=20, rule=rule)
        found[f"bargain {rule}"] = bargain.proof(seed(rule))
    for rule, more in {
        packets.EQUAL: {},
        packs.TIERED: {"tiers": ((100, 5), (150, 2), (700, 1))},
        packs.LUCKY: {"top": 600, "first": 3, "last": 6, "least": 20},
    }.items():
        total = 1_500
        pack = Pack(subject=3, currency="EUR", count=8, total=total, rule=rule, **more)  # type: ignore[arg-type]
        found[f"pack {rule}"] = pack.proof(seed(rule))
    found["instant"] = WHEEL.proof(seed("wheel"), turns(WHEEL, seed("wheel"), 200))
    frozen = freeze(
        (Entrant(f"e{i:03d}", 1 + i % 4) for i in range(37)),
        [Void("x2", "duplicate"), Void("x1", "staff")],
    )
    terms = {"subject": 4, "prizes": (("phone", 1), ("mug", 3)), "closes_at": "2026-01-01T00:00Z"}
    alone = Draw(**terms, runners=5)  # type: ignore[arg-type]
    found["draw alone"] = draws.proof(alone, frozen, seed=seed("draw"))
    beacon = Draw(**terms, source=draws.BEACON, beacon="drand quicknet 1234", patience=24)  # type: ignore[arg-type]
    said = hashlib.sha512(b"round 1234").hexdigest()
    found["draw beacon"] = draws.proof(beacon, frozen, seed=seed("draw"), signature=said)
    found["draw silent beacon"] = draws.proof(beacon, frozen, seed=seed("draw"))
    words = freeze(
        Entrant(f"e{i:03d}", 1 + i % 3, hashlib.sha256(bytes([i])).hexdigest() if i % 2 else "")
        for i in range(20)
    )
    members = Draw(**terms, source=draws.MEMBERS)  # type: ignore[arg-type]
    found["draw members"] = draws.proof(members, words, seed=seed("draw"))
    found["entry with a word"] = words.entry_proof(7)
    found["draw of nobody"] = draws.proof(alone, freeze([]), seed=seed("draw"))
    room = Room(subject=5, starts_at="2026-01-01T00:00Z", first_seconds=30)
    early = freeze(Entrant(str(i)) for i in range(1_000, 1_060))
    found["room"] = room.proof(early, room.order(early, seed("room")), seed("room"))
    found["entry"] = frozen.entry_proof(11)
    return found
