"""URLs of payments."""

from django.urls import path

from . import views

urlpatterns = [
    path("pay/hook/<slug:provider>", views.hook, name="payment_hook"),
    path("pay/return/<str:token>", views.come_back, name="payment_return"),
    path("pay/<str:token>", views.wait, name="payment_wait"),
    path("pay/<str:token>/state", views.state, name="payment_state"),
]
