"""Verbs of sales: the only writers of their tables."""

from .claiming import (
    Part,
    Wanted,
    claim,
    give_back,
    let_go,
    redeem,
    reserve_units,
    take_back,
    taken_back_locks,
    use_rights,
)
from .clockwork import advance_sale, advance_sales, move_leftover, settle_sale
from .codes import CodeRefused, codes_of, enter_code, issue_codes, revoke_codes
from .planning import (
    ItemInput,
    SaleInput,
    change_sale,
    discard_sale,
    end_sale,
    list_fans,
    pause_sale,
    plan_sale,
    publish_sale,
    resume_sale,
)
from .reminding import tell_starting
from .room import admit, draw_places, enter_room, leave_room
from .units import SaleCapped
from .warning import tell_lapsed, tell_unpaid

__all__ = [
    "CodeRefused",
    "ItemInput",
    "Part",
    "SaleCapped",
    "SaleInput",
    "Wanted",
    "admit",
    "advance_sale",
    "advance_sales",
    "change_sale",
    "claim",
    "codes_of",
    "discard_sale",
    "draw_places",
    "end_sale",
    "enter_code",
    "enter_room",
    "give_back",
    "issue_codes",
    "leave_room",
    "let_go",
    "list_fans",
    "move_leftover",
    "pause_sale",
    "plan_sale",
    "publish_sale",
    "redeem",
    "reserve_units",
    "resume_sale",
    "revoke_codes",
    "settle_sale",
    "take_back",
    "taken_back_locks",
    "tell_lapsed",
    "tell_starting",
    "tell_unpaid",
    "use_rights",
]
