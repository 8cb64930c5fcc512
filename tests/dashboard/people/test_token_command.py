"""The command `token` keeps to the limits, and touches only what it is told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboard.management.commands.token import MOST_DAYS
from dashboard.models import ApiToken
from dashboard.people.token_service import create_token, living_tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


@pytest.mark.parametrize("days", [1, MOST_DAYS])
def test_a_token_ends_after_the_days_that_were_asked_for(ada: User, days: int) -> None:
    call_command("token", "ada", "--days", str(days))
    wanted = timezone.now() + timedelta(days=days)
    assert abs(ApiToken.objects.get().expires_at - wanted) < timedelta(minutes=1)


def test_no_days_are_no_end(ada: User) -> None:
    call_command("token", "ada", "--days", "0")
    assert ApiToken.objects.get().expires_at is None


def test_only_the_named_token_is_revoked(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (create_token(ada, actor=ada, name=name)[0] for name in ("one", "two"))
    call_command("token", "ada", "--revoke", str(first.pk))
    assert capsys.readouterr().out == f"token {first.pk} is revoked\n"
    assert list(living_tokens(ada)) == [second]
    with pytest.raises(CommandError, match=f"ada has no token {first.pk}"):
        call_command("token", "ada", "--revoke", str(first.pk))


def test_a_token_of_somebody_else_is_not_revoked(ada: User) -> None:
    bob = User.objects.create_user("bob")
    token, _ = create_token(bob, actor=bob, name="his")
    with pytest.raises(CommandError):
        call_command("token", "ada", "--revoke", str(token.pk))
    assert list(living_tokens(bob)) == [token]


def test_an_account_that_is_not_active_gets_no_token(ada: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="no active account 'ada'"):
        call_command("token", "ada")
    assert not ApiToken.objects.exists()


def test_the_list_says_when_each_was_made_used_and_ends(
    ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    token, secret = create_token(ada, actor=ada, name="cron", days=None)
    call_command("token", "ada", "--list")
    line = capsys.readouterr().out.rstrip("\n").split("\t")
    assert line[:3] == [str(token.pk), token.prefix, "cron"]
    assert line[4:] == [f"made {token.created_at:%Y-%m-%d}", "never used", "no end"]
    assert secret not in line
    used, end = datetime(2097, 11, 30, 9, 5, tzinfo=UTC), datetime(2098, 2, 3, tzinfo=UTC)
    ApiToken.objects.update(last_used_at=used, expires_at=end, scopes=["market", "rest"])
    call_command("token", "ada", "--list")
    line = capsys.readouterr().out.rstrip("\n").split("\t")
    assert line[3] == "market,rest"
    assert line[5:] == ["used 2097-11-30 09:05", "ends 2098-02-03"]
