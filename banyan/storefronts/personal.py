"""What storefronts hold of their owners."""

from banyan.kernel.personal import Erase, holds, names_nobody

SHOWN = "As long as the account; orders keep its number."

holds(
    "storefronts.Storefront", Erase.BLANK, SHOWN, owner=("owner_id",),
    fields=("title", "intro", "cover", "state"), blank={"title": "–", "state": "closed"},
)  # fmt: skip
holds("storefronts.PoolSeller", Erase.DELETE, SHOWN, owner=("account_id",))
holds("storefronts.Offer", Erase.BLANK, SHOWN, owner=("storefront__owner_id",), fields=("note",))
names_nobody("storefronts.PoolItem", "storefronts.PoolPrice", "storefronts.OfferPrice")
