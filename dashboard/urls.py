"""Addresses of the pages; the transports are routed before Django, in asgi.

Hands the market to the views that show it. Has only the account pages that the site uses.
"""

from allauth.account import views as account_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from dashboard import runtime
from dashboard.api.charts import Charts
from dashboard.api.context import ApiContext
from dashboard.api.documents import with_token
from dashboard.api.routes import api_routes
from dashboard.deck.routes import deck_routes
from dashboard.pages import accounts, personal_edits, views
from dashboard.pages.account_deletion import DeletionView
from dashboard.pages.alerts import (
    AlertsView,
    alert_action,
    alert_line_make,
    alert_line_move,
    alert_lines,
)
from dashboard.pages.build import build
from dashboard.pages.forgotten_password import ForgottenPasswordView, NewPasswordView
from dashboard.pages.notification_centre import NotificationsView
from dashboard.pages.post_only import post_only
from dashboard.pages.preferences.views import kept_preferences
from dashboard.pages.reaching.mail import mail_off, mail_on, mail_test
from dashboard.pages.reaching.push import (
    PushKeyView,
    PushView,
    push_action,
    push_off,
    push_worker,
)
from dashboard.pages.reaching.webhooks import WebhooksView, webhook_action
from dashboard.pages.refusals import bad_request, forbidden, not_found, server_error
from dashboard.pages.second_factor import AddAppView, totp_picture
from dashboard.pages.sign_out import sign_out
from dashboard.protocol.pages import asyncapi_file, developers

_runtime = runtime.current()
_market = _runtime.market
_api = ApiContext(_runtime.hub, _runtime.gatekeeper, Charts(_runtime.hub))
_icon = RedirectView.as_view(url="/static/images/favicon.svg", permanent=True)

handler400 = bad_request
handler403 = forbidden
handler404 = not_found
handler500 = server_error

_accounts: list[URLPattern | URLResolver] = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", sign_out, name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("signup/", account_views.signup, name="account_signup"),
    path("password/change/", account_views.password_change, name="account_change_password"),
    # The page above sends accounts without a password here: an admin may have switched it off.
    path("password/set/", account_views.password_set, name="account_set_password"),
    path(
        "password/reset/",
        ForgottenPasswordView.as_view(note_address=_runtime.reset_requests.add),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        account_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("reauthenticate/", account_views.reauthenticate, name="account_reauthenticate"),
    path("delete/", DeletionView.as_view(), name="account_delete"),
    path("sessions/", accounts.sessions, name="account_sessions"),
    path("sessions/end-others/", accounts.end_other_sessions, name="account_end_others"),
    path("sessions/<int:session_id>/end/", accounts.end_session, name="account_end_session"),
    path("tokens/", accounts.TokensView.as_view(), name="account_tokens"),
    path("tokens/<int:token_id>/revoke/", accounts.revoke_token, name="account_revoke_token"),
]

_second_factor: list[URLPattern | URLResolver] = [
    path("", mfa_views.index, name="mfa_index"),
    path("authenticate/", mfa_views.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path("app/activate/", AddAppView.as_view(), name="mfa_activate_totp"),
    path("app/picture.svg", totp_picture, name="account_totp_picture"),
    path("app/deactivate/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes/", code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/make/", code_views.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("passkeys/login/", passkey_views.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/add/", passkey_views.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path(
        "passkeys/reauthenticate/",
        passkey_views.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("passkeys/<int:pk>/remove/", passkey_views.remove_webauthn, name="mfa_remove_webauthn"),
]

_lists: list[URLPattern | URLResolver] = [
    path("create/", personal_edits.list_create, name="list_create"),
    path("rename/", personal_edits.list_rename, name="list_rename"),
    path("delete/", personal_edits.list_delete, name="list_delete"),
    path("move/", personal_edits.list_move, name="list_move"),
    path("share/", personal_edits.list_share, name="list_share"),
    path("share/end/", personal_edits.list_end_sharing, name="list_end_sharing"),
    path("sections/add/", personal_edits.section_add, name="section_add"),
    path("sections/rename/", personal_edits.section_rename, name="section_rename"),
    path("sections/move/", personal_edits.section_move, name="section_move"),
    path("sections/remove/", personal_edits.section_remove, name="section_remove"),
    path("<int:list_id>.txt", views.ListTextView.as_view(), name="list_text"),
    path("shared/<str:key>/", views.SharedListView.as_view(market=_market), name="shared_list"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.DashboardView.as_view(market=_market), name="dashboard"),
    path("i/<path:symbol>/", views.InstrumentView.as_view(market=_market), name="instrument"),
    path("polling/", views.PollingView.as_view(market=_market), name="polling"),
    path("alerts/", AlertsView.as_view(market=_market), name="alerts"),
    path("alerts/lines/", alert_lines, name="alert_lines"),
    path("alerts/lines/move/", alert_line_move, name="alert_line_move"),
    path("alerts/lines/make/", alert_line_make, name="alert_line_make"),
    path("alerts/<int:alert_id>/", AlertsView.as_view(market=_market), name="alert"),
    path("alerts/<int:alert_id>/<slug:action>/", alert_action, name="alert_action"),
    path("places/", views.PlacesView.as_view(market=_market), name="places"),
    path("lab/", views.LabView.as_view(), name="lab"),
    path("lab/costs/", views.CostsView.as_view(read_costs=_runtime.read_costs), name="lab_costs"),
    path("version/", build, name="version"),
    path("watchlist/add/", personal_edits.watchlist_add, name="watchlist_add"),
    path("watchlist/remove/", personal_edits.watchlist_remove, name="watchlist_remove"),
    path("watchlist/move/", personal_edits.watchlist_move, name="watchlist_move"),
    path("preferences/", personal_edits.preference_choose, name="preference_choose"),
    path("preferences/kept/", kept_preferences, name="preferences"),
    path("columns/", personal_edits.columns_choose, name="columns_choose"),
    path("lists/", include(_lists)),
    path("notifications/", NotificationsView.as_view(market=_market), name="notifications"),
    path("notifications/read/", personal_edits.notifications_read, name="notifications_read"),
    path(
        "notifications/webhooks/", WebhooksView.as_view(rules=_runtime.reach_rules), name="webhooks"
    ),
    path(
        "notifications/webhooks/<int:webhook_id>/<slug:action>/",
        webhook_action,
        name="webhook_action",
    ),
    path("notifications/email/", mail_on, name="mail_on"),
    path("notifications/email/off/", mail_off, name="mail_off"),
    path("notifications/email/test/", mail_test, name="mail_test"),
    path("notifications/worker.js", push_worker, name="push_worker"),
    path("notifications/push/", PushView.as_view(rules=_runtime.reach_rules), name="push"),
    path("notifications/push/key/", PushKeyView.as_view(vapid=_runtime.vapid), name="push_key"),
    path("notifications/push/off/", push_off, name="push_off"),
    path("notifications/push/<int:device_id>/<slug:action>/", push_action, name="push_action"),
    path("developers/", developers, name="developers"),
    path(
        "developers/asyncapi.json",
        with_token(_runtime.gatekeeper, asyncapi_file),
        name="asyncapi",
    ),
    *api_routes(_api, _runtime.public_origins),
    path("accounts/", include(_accounts)),
    path("accounts/second-factor/", include(_second_factor)),
    path("admin/flightdeck/", include(deck_routes(_market, _runtime.realism_monitor))),
    # Django's own refuses a GET. This one then shows the page that asks whether to sign out.
    path("admin/logout/", post_only("account_logout")(admin.site.logout)),
    path("admin/", admin.site.urls),
    # Browsers ask for it when they show something else than one of our pages.
    path("favicon.ico", login_not_required(_icon), name="favicon"),
]
