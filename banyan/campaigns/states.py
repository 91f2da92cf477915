"""State machines of campaigns, and of who takes part in them."""

from banyan.kernel.states import Machine

CAMPAIGN = Machine(
    name="campaigns.campaign.state",
    initial="draft",
    transitions={
        "draft": ("published",),
        # published: people can take part within the campaign's window
        "published": ("paused", "ended"),
        "paused": ("published", "ended"),
        # ended: nothing new begins; what was promised is kept
        "ended": ("settled",),
        "settled": (),
    },
)

PARTICIPATION = Machine(
    name="campaigns.participation.state",
    initial="reserved",
    transitions={
        # reserved: a place waits for its payment
        "reserved": ("in", "out"),
        "in": ("won", "lost", "out"),
        # reversed: they had won, and what they won by does not stand
        "won": ("reversed",),
        "lost": (),
        "out": (),
        "reversed": (),
    },
)

OUTSIDE = Machine(
    name="campaigns.outsidepicture.state",
    initial="waiting",
    transitions={
        # vouched: one person has accepted it, and a second one has to
        "waiting": ("vouched", "refused"),
        "vouched": ("accepted", "refused"),
        "accepted": (),
        "refused": (),
    },
)
