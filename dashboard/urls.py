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
from dashboard.api.routes import api_routes
from dashboard.deck.routes import deck_routes
from dashboard.pages import accounts, views
from dashboard.pages.account_deletion import DeletionView
from dashboard.pages.alerts import AlertsView, alert_action
from dashboard.pages.build import build
from dashboard.pages.forgotten_password import ForgottenPasswordView, NewPasswordView
from dashboard.pages.refusals import bad_request, server_error
from dashboard.pages.second_factor import AddAppView, totp_picture
from dashboard.pages.sign_out import sign_out
from dashboard.protocol.pages import asyncapi_file, developers

_runtime = runtime.current()
_market = _runtime.market
_api = ApiContext(_runtime.hub, _runtime.gatekeeper, Charts(_runtime.hub))
_icon = RedirectView.as_view(url="/static/images/favicon.svg", permanent=True)

handler400 = bad_request
handler500 = server_error

_accounts: list[URLPattern | URLResolver] = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", sign_out, name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("signup/", account_views.signup, name="account_signup"),
    path("password/change/", account_views.password_change, name="account_change_password"),
    # The page above redirects here without a password, as after an admin switched off their own.
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

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.DashboardView.as_view(market=_market), name="dashboard"),
    path("i/<str:symbol>/", views.InstrumentView.as_view(market=_market), name="instrument"),
    path("polling/", views.PollingView.as_view(market=_market), name="polling"),
    path("alerts/", AlertsView.as_view(market=_market), name="alerts"),
    path("alerts/<int:alert_id>/", AlertsView.as_view(market=_market), name="alert"),
    path("alerts/<int:alert_id>/<slug:action>/", alert_action, name="alert_action"),
    path("lab/", views.LabView.as_view(), name="lab"),
    path("lab/costs/", views.CostsView.as_view(read_costs=_runtime.read_costs), name="lab_costs"),
    path("version/", build, name="version"),
    path("watchlist/add/", views.watchlist_add, name="watchlist_add"),
    path("watchlist/remove/", views.watchlist_remove, name="watchlist_remove"),
    path("notifications/read/", views.notifications_read, name="notifications_read"),
    path("developers/", developers, name="developers"),
    path("developers/asyncapi.json", asyncapi_file, name="asyncapi"),
    *api_routes(_api, _runtime.public_origins),
    path("accounts/", include(_accounts)),
    path("accounts/second-factor/", include(_second_factor)),
    path("admin/flightdeck/", include(deck_routes(_market, _runtime.realism_monitor))),
    path("admin/", admin.site.urls),
    # Browsers ask for it when they show something else than one of our pages.
    path("favicon.ico", login_not_required(_icon), name="favicon"),
]
