"""URLs of shops, goods and the cart."""

from django.urls import path

from ..community import about
from ..market import cart, collection, embed, product, sale, storefront, storefront_editor
from ..people import reminders

urlpatterns = [
    path("shop/<slug:shop_slug>", product.shop, name="shop"),
    path("shop/<slug:shop_slug>/<slug:slug>", product.product, name="product"),
    path("shop/<slug:shop_slug>/<slug:slug>/posts", about.product_posts, name="product_posts"),
    path("sale/<int:sale_id>", sale.sale, name="sale"),
    path("sale/<int:sale_id>/claim", sale.claim, name="sale_claim"),
    path("sale/<int:sale_id>/let-go", sale.let_go, name="sale_let_go"),
    path("sale/<int:sale_id>/enter", sale.enter, name="sale_enter"),
    path("sale/<int:sale_id>/leave", sale.leave, name="sale_leave"),
    path("sale/<int:sale_id>/proof", sale.proof, name="sale_proof"),
    path("sale/<int:sale_id>/code", sale.code, name="sale_code"),
    path("sale/<int:subject_id>/remind", reminders.remind, {"what": "sale"}, name="sale_remind"),
    path("stock/<int:subject_id>/wish", reminders.remind, {"what": "back"}, name="stock_wish"),
    path("stock/wish/<str:token>", reminders.stop, name="stock_unwish"),  # in letters of old
    path("cart", cart.cart, name="cart"),
    path("cart/add", cart.cart_add, name="cart_add"),
    path("cart/<int:item_id>", cart.cart_change, name="cart_change"),
    path("c/<slug:shop_slug>/<slug:slug>", collection.collection, name="collection"),
    path("store/<str:handle>", storefront.storefront, name="storefront"),
    path(
        "store/<str:handle>/look-<int:look>.css", storefront.storefront_look, name="storefront_look"
    ),
    path("embed/offer/<str:code>", embed.embed_offer, name="embed_offer"),
    path("me/storefront", storefront_editor.storefront_mine, name="storefront_mine"),
    path("me/storefront/look", storefront_editor.storefront_edit, name="storefront_edit"),
    path("me/storefront/goods", storefront_editor.storefront_goods, name="storefront_goods"),
    path("me/storefront/pool", storefront_editor.storefront_pool, name="storefront_pool"),
    path(
        "me/storefront/pool/<int:item_id>",
        storefront_editor.storefront_take,
        name="storefront_take",
    ),
    path(
        "me/storefront/offers/<int:offer_id>",
        storefront_editor.storefront_offer,
        name="storefront_offer",
    ),
]
