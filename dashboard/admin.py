"""The admin of people: accounts, tokens, and notifications with a form to send one.

Must not write rows (services do) or poke anybody.
"""

from typing import Any, Final

from allauth.account import admin as mail_admin
from allauth.account.decorators import secure_admin_login
from allauth.mfa import admin as factor_admin  # noqa: F401 registers the page that is replaced
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from dashboard.exceptions import LastSuperuser
from dashboard.models import ApiToken, BrowserSession, Notification
from dashboard.people import account_deletion, second_factor, token_service
from dashboard.people.selectors import rights_of
from dashboard.people.superusers import are_last_superusers, lock_superusers
from dashboard.personal import notifications
from dashboard.personal.forms import SendForm
from feeds.admin.concurrent_edits import ConcurrentForm
from feeds.admin.deletions import DeletionAdmin
from feeds.admin.operating import actor_of
from feeds.admin.read_only import ReadOnlyAdmin
from feeds.admin.state_marks import live_figure, state_mark
from feeds.models import Feed

SUPERUSER_FIELDS: Final = ("is_superuser", "is_staff", "is_active")
"""An account may do everything only while all of these are set."""
LAST_SUPERUSER: Final = (
    "This is the last superuser. Somebody must be able to look after this site, so make another "
    "account a superuser first."
)

admin.site.site_header = admin.site.site_title = "Market administration"
admin.site.index_title = "What to do"
# Django's own sign-in form counts no failed attempts.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
_plain_index = admin.site.index


def index_with_feeds(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> TemplateResponse:
    """Show the first page of the admin; operators see the feeds and the way to the flight deck."""
    context = {"operates": rights_of(actor_of(request)).operates, **(extra_context or {})}
    if context["operates"]:
        context["feeds"] = [
            {
                "name": feed.name,
                "mark": state_mark(feed),
                "rate": live_figure(feed, "rate"),
                "age": live_figure(feed, "age"),
            }
            for feed in Feed.objects.order_by("slug")
        ]
    return _plain_index(request, context)


admin.site.index = index_with_feeds  # type: ignore[method-assign]
admin.site.unregister([User, Group])
admin.site.unregister(Authenticator)  # its page shows secrets
admin.site.unregister(mail_admin.EmailAddress)  # the page of an account has its address


class AccountForm(ConcurrentForm, UserChangeForm):  # type: ignore[type-arg]
    """Django's form of an account; it refuses to save over a change that somebody else made."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse to take away the last superuser: nobody could look after the site."""
        lock_superusers()  # before the row of the account: all lock in the same order
        cleaned = super().clean()
        lost = [name for name in SUPERUSER_FIELDS if self.cleaned_data.get(name) is False]
        if lost and are_last_superusers([self.instance]):
            self.add_error(lost[0], LAST_SUPERUSER)
        return cleaned


class NewAccountForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """Django's form of a new account; `AccountAdmin` gives it the hash of the password."""

    hashed_password: str

    def set_password_and_save(self, user: User, commit: bool = True, **kwargs: Any) -> User:
        """Take the hash, unless the account is to have no password; the admin saves the row."""
        if not self.cleaned_data["set_usable_password"]:
            return super().set_password_and_save(user, commit=commit, **kwargs)
        user.password = self.hashed_password
        return user


@admin.register(User)
class AccountAdmin(DeletionAdmin, UserAdmin):  # type: ignore[type-arg]
    """Django's page of accounts; deleting an account deletes all that belongs to it."""

    form = AccountForm
    add_form = NewAccountForm
    readonly_fields = ("last_login", "date_joined")
    cascades = (Notification, ApiToken, Authenticator, BrowserSession)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hash the password first: with SQLite nobody else can write during a transaction."""
        if request.method == "POST" and self.has_add_permission(request):
            request.hashed_password = make_password(request.POST.get("password1"))  # type: ignore[attr-defined]
        return super().add_view(request, form_url, extra_context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Give the form of a new account the hash of its password."""
        if not change:
            form.hashed_password = request.hashed_password  # type: ignore[attr-defined]
        return super().save_form(request, form, change)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Protect the last superuser: somebody must be able to look after the site."""
        rows, counts, needed, protected = super().get_deleted_objects(objs, request)
        if are_last_superusers(objs):
            protected = [*protected, "the last superuser"]
        return rows, counts, needed, protected

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say so if an account has become the last superuser while its page was open."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except LastSuperuser:
            return self._refused(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say so if accounts have become the last superusers while their page was open."""
        try:
            return super().changelist_view(request, extra_context)
        except LastSuperuser:
            return self._refused(request)

    def _refused(self, request: HttpRequest) -> HttpResponse:
        messages.error(request, f"Nothing was deleted. {LAST_SUPERUSER}")
        return HttpResponseRedirect(reverse("admin:auth_user_changelist"))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete an account with its sessions, which have no foreign key to it."""
        account_deletion.delete_accounts([obj], actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete accounts with their sessions."""
        account_deletion.delete_accounts(queryset, actor=actor_of(request))


@admin.register(Group)
class PermissionGroupAdmin(DeletionAdmin, GroupAdmin):
    """Django's page of groups; it refuses to save over a change that somebody else made."""

    form = ConcurrentForm


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Notifications that were sent, with a form to send one."""

    change_list_template = "admin/dashboard/notification/change_list.html"
    list_display = ("title", "level", "user", "created_at", "read_at")
    list_filter = ("level", ("read_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("title", "body", "user__username")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may send."""
        return bool(request.user.has_perm("dashboard.send_notification"))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let people who may send see the page that has the button."""
        return super().has_view_permission(request, obj) or self.has_send_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        """Show no notifications to people who may send but not read them."""
        rows = super().get_queryset(request)
        return rows if super().has_view_permission(request) else rows.none()

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the form."""
        view = self.admin_site.admin_view(self.send_view)
        return [path("send/", view, name="dashboard_notification_send"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the button for people who may send."""
        context = {"may_send": self.has_send_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def send_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or send the notification that it describes."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        form = SendForm(request.POST or None)
        if form.is_valid():
            return self._send(request, form)
        context = {
            **self.admin_site.each_context(request),
            "title": "Send notification",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/dashboard/notification/send.html", context)

    def _send(self, request: HttpRequest, form: SendForm) -> HttpResponse:
        count = notifications.send_notification(
            title=form.cleaned_data["title"],
            body=form.cleaned_data["body"],
            level=form.cleaned_data["level"],
            actor=actor_of(request),
            recipients=form.recipients(),
            audience=form.audience(),
        )
        messages.success(request, f"Sent to {count} {'person' if count == 1 else 'people'}.")
        return HttpResponseRedirect(reverse("admin:dashboard_notification_changelist"))


TIMES: Final = ("created_at", "last_used_at", "expires_at", "revoked_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """The tokens of everybody's programs, to see and revoke; their secrets are stored nowhere."""

    actions = ["revoke"]
    list_display = (
        "prefix",
        "name",
        "user",
        *TIMES,
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    fields = (
        "user",
        "name",
        "prefix",
        "scopes",
        *TIMES,
    )

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may revoke."""
        return bool(request.user.has_perm("dashboard.revoke_apitoken"))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let people who may revoke see what there is."""
        return super().has_view_permission(request, obj) or self.has_revoke_permission(request)

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End tokens; their connections end within a second."""
        count = token_service.revoke_tokens(queryset, actor=actor_of(request))
        messages.success(request, f"Revoked {count} {'token' if count == 1 else 'tokens'}.")


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Shows the second factors of accounts, without secrets; removes one that was lost."""

    actions = ["remove"]
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may take second factors away."""
        return bool(request.user.has_perm("mfa.delete_authenticator"))

    @admin.action(description="Remove the chosen second factors", permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        """Take second factors away; recovery codes without another factor go along."""
        count = second_factor.remove_factors(queryset, actor=actor_of(request))
        messages.success(request, f"Removed: {count}.")
