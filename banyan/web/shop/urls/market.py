"""URLs of shops, goods and the cart."""

from django.urls import path

from ..community import about
from ..market import cart, product

urlpatterns = [
    path("shop/<slug:shop_slug>", product.shop, name="shop"),
    path("shop/<slug:shop_slug>/<slug:slug>", product.product, name="product"),
    path("shop/<slug:shop_slug>/<slug:slug>/posts", about.product_posts, name="product_posts"),
    path("cart", cart.cart, name="cart"),
    path("cart/add", cart.cart_add, name="cart_add"),
    path("cart/<int:item_id>", cart.cart_change, name="cart_change"),
]
