"""URLs of the chat."""

from django.urls import path

from ..chat import room, rooms

urlpatterns = [
    path("chat", rooms.chat_list, name="chat"),
    path("chat/who", rooms.chat_who, name="chat_who"),
    path("chat/with/<str:handle>", room.chat_with, name="chat_with"),
    path("chat/shop/<slug:shop_slug>", room.chat_shop, name="chat_shop"),
    path("chat/group/<slug:group_slug>", room.chat_group, name="chat_group"),
    path("chat/share/<slug:kind>/<int:target_id>", rooms.chat_share, name="chat_share"),
    path("chat/<int:room_id>", room.chat_room, name="chat_room"),
    path("chat/<int:room_id>/say", room.chat_say, name="chat_say"),
    path("chat/<int:room_id>/read", room.chat_read, name="chat_read"),
    path("chat/<int:room_id>/act", room.chat_act, name="chat_act"),
    path(
        "chat/<int:room_id>/<int:message_id>/take-back", room.chat_take_back, name="chat_take_back"
    ),
]
