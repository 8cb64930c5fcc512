"""Tokens: what they open, how they end, and that those from before they had rows go on working."""

import time
from base64 import b64encode
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.models import ApiToken
from dashboard.people import identity as identities
from dashboard.people import token_service
from dashboard.people.access import EVERY_SCOPE, NO_RIGHTS, SCOPE_OF, Scope
from dashboard.people.admission import SIGNED_OUT, identify
from dashboard.people.identity import Identity, find_revoked, note_open
from dashboard.people.token_service import create_token, living_tokens, revoke_tokens
from dashboard.people.tokens import digest_of, read_old_token
from dashboard.wire.registry import Channel, Close
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.models import AuditEntry
from tests.support.market_script import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="correct horse battery")


def come(user, secret, name=None):
    """Return the identity of a request with this secret."""
    basic = b64encode(f"{name or user.username}:{secret}".encode())
    return async_to_sync(identify)({"headers": [(b"authorization", b"Basic " + basic)]})


def make(user, **options):
    return create_token(user, actor=user, **({"name": "laptop"} | options))


def revoked(*identities):
    return async_to_sync(find_revoked)(identities)


def old_token(user, days=30):
    """Return a token as they were made before they had rows."""
    mark = user.get_session_auth_hash()[:16]
    return signing.dumps([user.pk, mark, time.time() + days * 86_400], salt="dashboard.token")


def test_a_token_lets_its_user_in_and_nobody_else(ada):
    _, secret = make(ada)
    bob = User.objects.create_user("bob")
    assert come(ada, secret).user_id == ada.pk
    assert come(bob, secret) == SIGNED_OUT
    for wrong in (secret[:-1], secret + "x", secret.upper(), "", digest_of(secret)):
        assert come(ada, wrong) == SIGNED_OUT


@pytest.mark.parametrize("kind", ["Bearer", "Basics", "", "basic"])
def test_a_secret_comes_by_basic_authentication_alone(ada, kind):
    _, secret = make(ada)
    sent = f"{kind} ".encode() + b64encode(f"ada:{secret}".encode())
    found = async_to_sync(identify)({"headers": [(b"authorization", sent)]})
    assert (found != SIGNED_OUT) is (kind == "basic")


def test_only_the_users_of_sessions_are_read(ada):
    User.objects.create_user("bob")
    assert identities._users_of([{SESSION_KEY: str(ada.pk)}, {}]) == {str(ada.pk): ada}
    assert identities._users_of([{}]) == {}


def test_a_token_that_has_the_present_mark_is_not_written_again(ada, django_assert_num_queries):
    token, _ = make(ada)
    with django_assert_num_queries(0):
        token_service.renew_mark(token)
    ApiToken.objects.update(password_mark="former")
    token.refresh_from_db()
    token_service.renew_mark(token)
    assert ApiToken.objects.get().password_mark == ada.get_session_auth_hash()[:16]


def test_a_token_that_is_made_and_revoked_is_in_the_audit(ada):
    token, _ = make(ada, scopes=["rest", "market", "rest"], days=7)
    assert token.scopes == ["market", "rest"]
    assert abs(token.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    revoke_tokens(ApiToken.objects.all(), actor=None)
    ended, made = AuditEntry.objects.order_by("-pk")
    target = f"token {token.prefix} of user ada"
    assert (made.action, made.target, made.actor) == ("create token", target, ada)
    assert made.after == {"scopes": ["market", "rest"], "days": 7}
    assert (ended.action, ended.target, ended.actor) == ("revoke token", target, None)


def test_only_tokens_of_open_connections_are_noted(ada, monkeypatch):
    noted = []
    monkeypatch.setattr(
        token_service, "note_use", lambda tokens: noted.append([each.pk for each in tokens])
    )
    browser = Identity(ada.pk, "ada", 1, "session")
    async_to_sync(note_open)([browser])
    assert noted == []
    token, _ = make(ada)
    async_to_sync(note_open)([browser, Identity(ada.pk, "ada", 1, None, token_id=token.pk)])
    assert noted == [[token.pk]]


def test_a_use_is_written_again_after_five_minutes(ada, monkeypatch):
    token, _ = make(ada)
    now = timezone.now()
    monkeypatch.setattr(token_service.timezone, "now", lambda: now)
    for minutes, is_written in ((None, True), (4.9, False), (5, True)):
        noted = None if minutes is None else now - timedelta(minutes=minutes)
        ApiToken.objects.update(last_used_at=noted)
        token.refresh_from_db()
        token_service.note_use([token])
        assert (ApiToken.objects.get().last_used_at != noted) is is_written


def test_no_column_holds_the_secret(ada):
    token, secret = make(ada)
    stored = ApiToken.objects.values().get()
    assert not [value for value in stored.values() if secret in str(value)]
    assert secret.startswith(token.prefix)
    assert len(secret) - len(token.prefix) > 30
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_revoked_token_ends_its_connections_and_no_others(ada):
    first, second = (make(ada)[1] for _ in range(2))
    ended, other = come(ada, first), come(ada, second)
    assert revoked(ended, other) == {}
    assert revoke_tokens(living_tokens(ada).filter(pk=ended.token_id), actor=ada) == 1
    assert revoked(ended, other) == {ended: Close.SIGNED_OUT}
    assert come(ada, first) == SIGNED_OUT
    assert come(ada, second) == other
    assert revoke_tokens(ApiToken.objects.filter(pk=ended.token_id), actor=ada) == 0


def test_a_sweep_reads_only_rows_of_those_who_are_connected(ada):
    browser, program = come_without_token(ada), come(ada, make(ada)[1])
    with CaptureQueriesContext(connection) as queries:
        revoked(browser, program)
    texts = [query["sql"] for query in queries]
    [sessions] = [text for text in texts if 'FROM "django_session"' in text]
    [users] = [text for text in texts if "password" in text and 'FROM "auth_user"' in text]
    [tokens] = [text for text in texts if 'FROM "dashboard_apitoken"' in text]
    assert "some-session" in sessions
    assert f'"id" IN ({ada.pk})' in users
    assert f'"id" IN ({program.token_id})' in tokens


@pytest.mark.parametrize(("left_s", "is_over"), [(1, False), (0, True), (-1, True)])
def test_a_token_is_over_at_its_end(ada, monkeypatch, left_s, is_over):
    token, secret = make(ada, days=1)
    identity = come(ada, secret)
    old = old_token(ada, days=1)
    end_s = token.expires_at.timestamp()
    monkeypatch.setattr(time, "time", lambda: end_s - left_s)
    assert (come(ada, secret) == SIGNED_OUT) is is_over
    assert revoked(identity) == ({identity: Close.SIGNED_OUT} if is_over else {})
    until_s = read_old_token(old).until_s
    monkeypatch.setattr(time, "time", lambda: until_s - left_s)
    assert (come(ada, old) == SIGNED_OUT) is is_over


@pytest.mark.slow
def test_the_sweep_asks_once_for_all_tokens(ada, django_assert_num_queries):
    few, many = ([come(ada, make(ada)[1]) for _ in range(n)] for n in (1, 9))
    with django_assert_num_queries(3):
        revoked(*few)
    with django_assert_num_queries(3):
        revoked(*many)


def test_a_token_ends_with_its_time_its_password_and_its_account(ada):
    token, secret = make(ada, days=1)
    identity = come(ada, secret)
    assert identity.until_s == token.expires_at.timestamp()
    ApiToken.objects.update(expires_at=timezone.now())
    assert come(ada, secret) == SIGNED_OUT
    assert revoked(identity) == {identity: Close.SIGNED_OUT}
    ApiToken.objects.update(expires_at=None)
    User.objects.update(is_active=False)
    assert come(ada, secret) == SIGNED_OUT
    User.objects.update(is_active=True)
    assert come(ada, secret).until_s == float("inf")
    ada.set_password("another horse battery")
    ada.save()
    assert come(ada, secret) == SIGNED_OUT


def test_the_last_use_is_written_seldom(ada):
    token, secret = make(ada)
    come(ada, secret)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    come(ada, secret)
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - token_service.USE_NOTED_EVERY)
    come(ada, secret)
    token.refresh_from_db()
    assert token.last_used_at > first - timedelta(seconds=1)


def test_a_database_that_cannot_be_written_to_keeps_no_program_out(ada, monkeypatch):
    _, secret = make(ada)

    def fail(token):
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(token_service, "note_use", fail)
    identity = come(ada, secret)
    assert identity.user_id == ada.pk
    async_to_sync(note_open)([identity])


def test_an_open_connection_is_a_use_of_its_token_and_of_no_other(ada):
    identity = come(ada, make(ada)[1])
    other, _ = make(ada)
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(days=2))
    async_to_sync(note_open)([identity, come_without_token(ada)])
    used = {token.pk: token.last_used_at for token in ApiToken.objects.all()}
    assert used[identity.token_id] - used[other.pk] > timedelta(days=1)


def come_without_token(user):
    """Return the identity of a request with a session."""
    return Identity(user.pk, user.username, hash(user.password), "some-session")


def test_a_scope_that_this_version_does_not_know_opens_nothing(ada):
    _, secret = make(ada)
    ApiToken.objects.update(scopes=["market", "orders"])
    assert come(ada, secret).scopes == {Scope.MARKET}


def test_tokens_that_ended_long_ago_are_forgotten(ada):
    now = timezone.now()
    ended, kept = now - timedelta(days=91), now - timedelta(days=89)
    for fact in ("revoked_at", "expires_at"):
        for end in (ended, kept):
            token, _ = make(ada)
            ApiToken.objects.filter(pk=token.pk).update(name=f"{fact} {end}", **{fact: end})
    make(ada, name="new")
    names = set(ApiToken.objects.values_list("name", flat=True))
    assert names == {"new", f"revoked_at {kept}", f"expires_at {kept}"}


def test_a_token_from_before_goes_on_working_and_can_be_revoked(ada):
    secret = old_token(ada)
    identity = come(ada, secret)
    assert identity.scopes == EVERY_SCOPE
    assert come(ada, secret) == identity
    row = ApiToken.objects.get()
    assert (row.name, row.prefix) == ("made before tokens had names", "signed")
    assert abs(row.expires_at.timestamp() - identity.until_s) < 1
    revoke_tokens(living_tokens(ada), actor=ada)
    assert revoked(identity) == {identity: Close.SIGNED_OUT}
    assert come(ada, secret) == SIGNED_OUT


def test_an_old_token_that_is_over_or_forged_makes_no_row(ada):
    bob = User.objects.create_user("bob")
    assert come(ada, old_token(ada, days=0)) == SIGNED_OUT
    assert come(ada, signing.dumps([ada.pk, "x"], salt="dashboard.token")) == SIGNED_OUT
    assert come(ada, signing.dumps([ada.pk, "", 9e12], salt="other")) == SIGNED_OUT
    assert not ApiToken.objects.exists()
    assert come(bob, old_token(ada)) == SIGNED_OUT
    assert come(bob, old_token(bob)).user_id == bob.pk


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("scope", list(Scope))
def test_a_channel_needs_its_scope(ada, channel, scope):
    _, secret = make(ada, scopes=[scope])
    assert come(ada, secret).scopes == {scope}
    now = Moment(0, 0)
    reader = Subscriber(heartbeat_ms=5000, now=now, scopes=frozenset({scope}))
    params = f'{{"channel":"{channel}","symbols":["*"]}}'
    text = f'{{"method":"subscribe","params":{params},"id":1}}'
    said = "".join(reader.receive(text, Replica("e1", Board(), capacity=10, ts=NOW), now))
    assert (f"scope {SCOPE_OF[channel]}" in said) is (SCOPE_OF[channel] is not scope)


def test_an_operators_token_without_the_scope_has_no_rights_and_keeps_its_connection(ada):
    ada.is_staff = True
    ada.save()
    ada.user_permissions.set(Permission.objects.filter(codename="halt_instrument"))
    plain, full = (come(ada, make(ada, scopes=s)[1]) for s in (["market"], list(Scope)))
    assert plain.rights == NO_RIGHTS
    assert full.rights.operates
    assert revoked(plain, full) == {}
    ada.user_permissions.clear()
    assert revoked(plain, full) == {full: Close.ACCESS_CHANGED}


@pytest.mark.parametrize(
    ("wrong", "fact"),
    [
        ({"name": ""}, "cannot be blank"),
        ({"name": "x" * 61}, "at most 60"),
        ({"scopes": []}, "Choose what the token may be used for"),
        ({"scopes": ["market", "everything", "zero"]}, "There is no scope 'everything'"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(ada, wrong, fact):
    with pytest.raises(ValidationError, match=fact) as refusal:
        make(ada, **wrong)
    assert list(refusal.value.message_dict) == list(wrong)
    assert not ApiToken.objects.exists()


def test_an_account_has_a_bounded_number_of_living_tokens(ada, monkeypatch):
    monkeypatch.setattr(token_service, "TOKENS_PER_USER", 2)
    make(ada)
    make(ada)
    with pytest.raises(ValidationError, match="at most 2"):
        make(ada)
    ApiToken.objects.filter(pk=ApiToken.objects.first().pk).update(revoked_at=timezone.now())
    make(ada)


def command(capsys, *words):
    call_command("token", *words)
    return capsys.readouterr().out.strip()


def test_the_command_makes_lists_and_revokes(ada, capsys):
    secret = command(capsys, "ada", "--name", "cron", "--scope", "rest", "--days", "0")
    identity = come(ada, secret)
    assert (identity.scopes, identity.until_s) == ({Scope.REST}, float("inf"))
    line = command(capsys, "ada", "--list")
    assert "cron" in line
    assert secret not in line
    command(capsys, "ada", "--revoke", line.split("\t")[0])
    assert come(ada, secret) == SIGNED_OUT
    assert command(capsys, "ada", "--list") == ""


def test_the_command_makes_by_default_what_it_always_made(ada, capsys):
    identity = come(ada, command(capsys, "ada"))
    assert identity.scopes == EVERY_SCOPE
    assert abs(identity.until_s - time.time() - 30 * 86_400) < 60


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("nobody",), ("ada", "--days", "-1"), ("ada", "--days", "3651"), ("ada", "--scope", "all"),
     ("ada", "--revoke", "1"), ("ada", "--name", "")],
)  # fmt: skip
def test_the_command_says_what_is_wrong(ada, words):
    with pytest.raises(CommandError):
        call_command("token", *words)
    assert not ApiToken.objects.exists()


def test_a_token_that_is_used_outlives_a_former_key_of_the_site(ada, settings):
    (_, secret), (_, unused) = make(ada), make(ada)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this site, " * 3
    identity = come(ada, secret)
    assert identity.user_id == ada.pk
    settings.SECRET_KEY_FALLBACKS = []
    assert come(ada, secret) == identity
    assert revoked(identity) == {}
    assert come(ada, unused) == SIGNED_OUT
    ada.set_password("another horse battery")
    ada.save()
    assert come(ada, secret) == SIGNED_OUT


def test_a_mark_that_cannot_be_written_keeps_no_program_out(ada, settings, monkeypatch):
    _, secret = make(ada)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of this site, " * 3

    def fail(token):
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(token_service, "renew_mark", fail)
    assert come(ada, secret).user_id == ada.pk
