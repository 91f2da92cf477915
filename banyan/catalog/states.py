"""State machines of the catalogue."""

from banyan.kernel.states import Machine

SHOP = Machine(
    name="catalog.shop.state",
    initial="pending",
    transitions={
        "pending": ("open", "refused"),
        "open": ("suspended", "closed"),
        "suspended": ("open", "closed"),
        "refused": ("pending",),
        "closed": (),
    },
)

PRODUCT = Machine(
    name="catalog.product.state",
    initial="draft",
    transitions={
        "draft": ("active", "archived", "taken_down"),
        "active": ("draft", "archived", "taken_down"),
        "archived": ("draft", "taken_down"),
        # by the platform, and only the platform lets it be a draft again
        "taken_down": ("draft",),
    },
)
