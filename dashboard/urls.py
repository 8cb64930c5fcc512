"""Addresses of the pages; the transports are mounted beside Django in asgi.

Injects the market into the views that show it.
"""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from dashboard import runtime, views

_market = runtime.current().market

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.DashboardView.as_view(market=_market), name="dashboard"),
    path("polling/", views.PollingView.as_view(market=_market), name="polling"),
    path("watchlist/add/", views.watchlist_add, name="watchlist_add"),
    path("watchlist/remove/", views.watchlist_remove, name="watchlist_remove"),
    path("notifications/read/", views.notifications_read, name="notifications_read"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
