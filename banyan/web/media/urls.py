"""URLs of uploads, QR codes, posters and cards."""

from django.urls import path

from . import cards, uploads

urlpatterns = [
    path("upload/picture", uploads.upload_picture, name="upload_picture"),
    path("qr/<str:code>.png", cards.qr, name="qr"),
    path("share/<str:code>/poster.jpg", cards.poster, name="poster"),
    path("share/<str:code>/card.jpg", cards.card, name="share_card"),
    path("share/<str:code>/square.jpg", cards.square, name="share_square"),
]
