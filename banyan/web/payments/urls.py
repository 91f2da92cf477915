"""URLs of payments."""

from django.urls import path

from . import views

urlpatterns = [
    path("pay/hook/<slug:provider>", views.hook, name="payment_hook"),
    path("pay/return/<str:token>", views.come_back, name="payment_return"),
    path("pay/return/<str:token>/<str:lane>", views.come_back, name="payment_return"),
    path("pay/identity/<slug:provider>", views.identify, name="payer_identity"),
    path("pay/<str:token>", views.wait, name="payment_wait"),
    path("pay/<str:token>/state", views.state, name="payment_state"),
    path("pay/<str:token>/again", views.pay_again, name="payment_again"),
    path("pay/<str:token>/link", views.make_link, name="payment_link"),
]
