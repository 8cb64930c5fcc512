"""An operator hears whether e-mail is sent: by the command that tries it, and in the log."""

from pathlib import Path
from smtplib import SMTPAuthenticationError

import pytest
from django.core import mail
from django.core.mail import send_mail
from django.core.mail.backends import locmem
from django.core.management import CommandError, call_command

from dashboard.email_url import read_email_url
from dashboard.operations import unsent_mail
from tests.support.log_lines import lines_of

ADA = "ada@example.org"


def use(settings, url: str) -> None:
    """Send e-mail as the settings do with this URL."""
    mailer = read_email_url(url)
    settings.MARKET_SENDS_MAIL = bool(url)
    settings.EMAIL_BACKEND = mailer.backend
    settings.EMAIL_HOST, settings.EMAIL_PORT = mailer.host, mailer.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = mailer.user, mailer.password
    settings.EMAIL_USE_TLS, settings.EMAIL_FILE_PATH = mailer.starttls, mailer.folder


@pytest.mark.parametrize(
    "words", [(ADA,), (ADA, "eve@example.org"), ("--admins",), ("--managers",)]
)
def test_without_e_mail_the_command_says_what_to_set(settings, words) -> None:
    use(settings, "")
    with pytest.raises(CommandError, match=r"nothing was sent: set EMAIL_URL, as in smtp://"):
        call_command("sendtestemail", *words)


def test_without_e_mail_the_log_says_that_one_was_not_sent(settings, caplog) -> None:
    use(settings, "")
    assert send_mail("Hello", "a secret link", None, [ADA]) == 0
    [line] = lines_of(caplog, unsent_mail)
    assert "number=1" in line
    assert "set EMAIL_URL" in line
    assert ADA not in line
    assert "secret" not in line


def test_a_test_e_mail_says_where_it_went(settings, tmp_path: Path, capsys) -> None:
    use(settings, f"file://{tmp_path}/mail")
    call_command("sendtestemail", ADA)
    assert f"sent to a file in {tmp_path}/mail" in capsys.readouterr().out
    [file] = (tmp_path / "mail").iterdir()
    assert f"To: {ADA}" in file.read_text()
    use(settings, "console:")
    call_command("sendtestemail", ADA)
    assert "sent to the output" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--admins", "--managers"])
def test_a_group_without_addresses_is_refused(settings, option) -> None:
    settings.MARKET_SENDS_MAIL = True
    with pytest.raises(CommandError, match="has no addresses here"):
        call_command("sendtestemail", option, ADA)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_one_line(settings) -> None:
    use(settings, "smtp://me:long-secret@127.0.0.1:1")
    with pytest.raises(CommandError, match=r"sent by 127.0.0.1:1: .*refused; check") as raised:
        call_command("sendtestemail", ADA)
    assert "long-secret" not in str(raised.value)


def test_a_refusal_of_the_mail_server_is_shown(settings, monkeypatch) -> None:
    def refuse(self, messages):
        raise SMTPAuthenticationError(535, b"5.7.8 wrong password")

    settings.MARKET_SENDS_MAIL = True
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse)
    with pytest.raises(CommandError, match=r"535 5.7.8 wrong password; check EMAIL_URL"):
        call_command("sendtestemail", ADA)
