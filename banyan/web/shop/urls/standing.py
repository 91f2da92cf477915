"""URLs of good goods: facts of shops, reviews, reports, the age gate."""

from django.urls import path

from ..standing import age, pages

urlpatterns = [
    path("shop/<slug:shop_slug>/about/standing", pages.shop_standing, name="shop_standing"),
    path("shop/<slug:shop_slug>/<slug:slug>/reviews", pages.reviews, name="reviews"),
    path("o/<str:token>/lines/<int:line_id>/review", pages.review_write, name="review_write"),
    path("report/<int:product_id>", pages.report, name="report_product"),
    path("age", age.age, name="age"),
]
