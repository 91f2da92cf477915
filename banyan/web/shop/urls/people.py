"""URLs of the people pages."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from ..people import (
    addresses,
    finding,
    kept_away,
    lists,
    login,
    me,
    merges,
    notification_settings,
    notifications,
    privacy,
    relation,
    relations,
    reminders,
    resume,
    second_factor,
    staying,
    tokens,
    welcome,
)

resume.register()

urlpatterns: list[URLPattern | URLResolver] = [
    path("welcome", welcome.welcome, name="welcome"),
    path("login", login.login, name="login"),
    path("login/done", login.login_done, name="login_done"),
    path("login/leaving", staying.login_leaving, name="login_leaving"),
    path("login/closed", login.closed, name="account_inactive"),
    path("login/again", login.reauthenticate, name="account_reauthenticate"),
    path("intend/<str:kind>/<int:target>", resume.intend, name="intend"),
    path("login/<str:token>", login.login_code, name="login_code"),
    path("signup", login.login, name="signup"),
    path("logout", login.logout, name="logout"),
    path("me", me.me, name="me"),
    path("me/edit", me.me_edit, name="me_edit"),
    path("me/avatar", me.me_avatar, name="me_avatar"),
    path("me/consent", privacy.me_consent, name="me_consent"),
    path("me/display", me.me_display, name="me_display"),
    path("me/contact", me.contact_add, name="contact_add"),
    path("me/contact/<str:token>", me.contact_code, name="contact_code"),
    path("me/privacy", privacy.privacy, name="privacy"),
    path("me/followers", relations.my_followers, name="my_followers"),
    path("me/friends", relations.friends_mine, name="friends_mine"),
    path("me/requests", relations.requests, name="requests"),
    path("me/requests/sent", relations.requests_sent, name="requests_sent"),
    path("me/people", kept_away.kept_away, name="kept_away"),
    path("me/people/<int:mute_id>/end", kept_away.mute_end, name="mute_end"),
    path("me/lists", lists.lists_mine, name="lists_mine"),
    path("me/lists/<int:list_id>", lists.list_mine, name="list_mine"),
    path("me/lists/<int:list_id>/delete", lists.list_delete, name="list_delete"),
    path("me/lists/<int:list_id>/take/<str:handle>", lists.list_take, name="list_take"),
    path("me/find", finding.find_friends, name="find_friends"),
    path("me/find/erase", finding.book_erase, name="book_erase"),
    path("me/code", finding.my_code, name="my_code"),
    path("me/addresses", addresses.addresses, name="addresses"),
    path("me/addresses/new", addresses.address_new, name="address_new"),
    path("me/addresses/<int:address_id>", addresses.address_edit, name="address_edit"),
    path("me/addresses/<int:address_id>/remove", addresses.address_remove, name="address_remove"),
    path(
        "me/addresses/<int:address_id>/default", addresses.address_default, name="address_default"
    ),
    path("me/tokens", tokens.tokens, name="tokens"),
    path("me/tokens/<int:token_id>/revoke", tokens.token_revoke, name="token_revoke"),
    path("me/merge/<int:merge_id>", merges.merge_offer, name="merge_offer"),
    path("me/merge/<int:merge_id>/undo", merges.merge_undo, name="merge_undo"),
    path("notifications", notifications.notifications, name="notifications"),
    path("notifications/badge", notifications.notifications_badge, name="notifications_badge"),
    path("notifications/read", notifications.notifications_read, name="notifications_read"),
    path(
        "notifications/<int:notification_id>/open",
        notifications.notification_open,
        name="notification_open",
    ),
    path(
        "me/notifications/settings",
        notification_settings.notification_settings,
        name="notification_settings",
    ),
    path("me/push", notification_settings.push_subscribe, name="push_subscribe"),
    path("me/push/remove", notification_settings.push_remove, name="push_remove"),
    path("remind/wechat", reminders.remind_wechat, name="remind_wechat"),
    path("remind/confirm/<str:token>", reminders.remind_confirm, name="remind_confirm"),
    path("stop/<str:token>", reminders.stop, name="stop"),
    path("people/<str:handle>/followers", relations.followers, name="followers"),
    path("people/<str:handle>/following", relations.following, name="following"),
    path("people/<str:handle>/follow", relations.follow, name="follow"),
    path("people/<str:handle>/unfollow", relations.unfollow, name="unfollow"),
    path("people/<str:handle>/accept", relations.follower_accept, name="follower_accept"),
    path("people/<str:handle>/decline", relations.follower_decline, name="follower_decline"),
    path("people/<str:handle>/remove", relations.follower_remove, name="follower_remove"),
    path("people/<str:handle>/relation", relation.relation, name="relation"),
    path("people/<str:handle>/level", relation.follow_level, name="follow_level"),
    path("people/<str:handle>/mute", relation.mute, name="mute"),
    path("people/<str:handle>/lists", relation.relation_lists, name="relation_lists"),
    path("people/<str:handle>/block", relations.block, name="block"),
    path("people/<str:handle>/unblock", relations.unblock, name="unblock"),
    # The names that allauth leads to; its own pages with passwords and links are not installed.
    path("login", login.login, name="account_login"),
    path("signup", login.login, name="account_signup"),
    path("logout", login.logout, name="account_logout"),
    path("me/contact", me.contact_add, name="account_email"),
    path(
        "me/security/authenticate/", second_factor.Authenticate.as_view(), name="mfa_authenticate"
    ),
    path(
        "me/security/reauthenticate/",
        second_factor.Reauthenticate.as_view(),
        name="mfa_reauthenticate",
    ),
    path(
        "me/security/totp/activate/", second_factor.ActivateTotp.as_view(), name="mfa_activate_totp"
    ),
    path("me/security/", include("allauth.mfa.urls")),
]
if settings.SOCIAL_PROVIDERS:
    from allauth.urls import build_provider_urlpatterns

    urlpatterns += [
        path("login/with/", include("allauth.socialaccount.urls")),
        path("login/with/", include(build_provider_urlpatterns())),
    ]
