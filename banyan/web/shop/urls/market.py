"""URLs of shops, goods and the cart."""

from django.urls import path

from ..community import about
from ..market import cart, product, sale

urlpatterns = [
    path("shop/<slug:shop_slug>", product.shop, name="shop"),
    path("shop/<slug:shop_slug>/<slug:slug>", product.product, name="product"),
    path("shop/<slug:shop_slug>/<slug:slug>/posts", about.product_posts, name="product_posts"),
    path("sale/<int:sale_id>", sale.sale, name="sale"),
    path("sale/<int:sale_id>/claim", sale.claim, name="sale_claim"),
    path("sale/<int:sale_id>/let-go", sale.let_go, name="sale_let_go"),
    path("sale/<int:sale_id>/enter", sale.enter, name="sale_enter"),
    path("sale/<int:sale_id>/leave", sale.leave, name="sale_leave"),
    path("sale/<int:sale_id>/code", sale.code, name="sale_code"),
    path("stock/<int:variant_id>/wish", sale.wish, name="stock_wish"),
    path("stock/wish/<str:token>", sale.unwish, name="stock_unwish"),
    path("cart", cart.cart, name="cart"),
    path("cart/add", cart.cart_add, name="cart_add"),
    path("cart/<int:item_id>", cart.cart_change, name="cart_change"),
]
