"""App configuration."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Pages for shoppers and members."""

    name = "banyan.web.shop"
    label = "web_shop"

    def ready(self) -> None:
        """Fill the ports of the floors below."""
        from banyan.campaigns.access import CARD
        from banyan.chat import ports as chat
        from banyan.groups import ports as groups
        from banyan.payments import ports as payments
        from banyan.people import ports as people
        from banyan.sharing import ports as sharing

        from . import sign_in, targets
        from .campaigns import keeping
        from .campaigns import targets as played
        from .chat import cards

        sharing.register_target("product", targets.product_targets)
        sharing.register_target("shop", targets.shop_targets)
        sharing.register_target("post", targets.post_targets)
        sharing.register_target("storefront", targets.storefront_targets)
        sharing.register_target("group", targets.group_targets)
        sharing.register_target("campaign", played.campaign_targets)
        sharing.register_target("play", played.play_targets)
        sharing.register_apart("post", targets.posts_apart)
        sharing.register_apart("storefront", targets.storefronts_apart)
        sharing.register_coverage("campaign", played.campaigns_covering)
        sharing.register_coverage("play", played.plays_covering)
        sharing.register_coverage("storefront", targets.storefronts_covering)
        sharing.register_coverage("post", targets.posts_covering)
        sharing.register_disclosure(targets.disclosure)
        groups.register_posts(targets.post_stands_in)
        payments.register_subject_page("checkout", targets.checkout_page)
        payments.register_subject_page("payment_request", targets.request_page)
        cards.register()
        keeping.register()
        chat.register_card(CARD, played.play_cards)
        people.register_guest_source(sign_in.GuestOrders())
        people.on_sign_in[:] = [sign_in.join_touches, sign_in.join_cart_of_browser]
