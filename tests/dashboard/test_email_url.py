import pytest

from dashboard.email_url import CONSOLE, NO_MAIL, read_email_url


def test_without_an_address_no_mail_is_sent() -> None:
    assert read_email_url("") == NO_MAIL
    assert NO_MAIL.backend.endswith("unsent_mail.EmailBackend")


def test_the_address_of_a_server_is_taken_apart() -> None:
    found = read_email_url("smtp://ada%40example.com:p%40ss%2F%3A@Mail.example.com:2525")
    assert found.backend.endswith("smtp.EmailBackend")
    assert (found.host, found.port) == ("mail.example.com", 2525)
    assert (found.user, found.password) == ("ada@example.com", "p@ss/:")


def test_the_user_may_be_an_address() -> None:
    found = read_email_url("smtps://ada@example.com:secret@mail.example.com")
    assert (found.user, found.password, found.host) == (
        "ada@example.com", "secret", "mail.example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.com", 587, True, False),
        ("smtp://mail.example.com/", 587, True, False),
        ("smtp://mail.example.com:25", 25, True, False),
        ("smtp://localhost.example.com", 587, True, False),
        ("smtps://mail.example.com", 465, False, True),
        ("smtps://localhost", 465, False, True),
        ("smtps://mail.example.com?starttls=no", 465, False, True),
        ("smtp://localhost", 25, False, False),
        ("smtp://127.0.0.1:1025", 1025, False, False),
        ("smtp://[::1]", 25, False, False),
        ("smtp://me:secret@localhost", 25, False, False),
        ("smtp://relay:25?starttls=no", 25, False, False),
        ("smtp://relay?starttls=no", 25, False, False),
    ],
)
def test_the_way_is_encrypted_unless_it_is_short(
    url: str, port: int, starttls: bool, tls: bool
) -> None:
    found = read_email_url(url)
    assert (found.port, found.starttls, found.tls) == (port, starttls, tls)


@pytest.mark.parametrize("url", ["console:", "console://"])
def test_developers_read_mail_in_the_console(url: str) -> None:
    assert read_email_url(url) == CONSOLE


@pytest.mark.parametrize("url", ["file:///var/my%20mail", "file:/var/my%20mail"])
def test_developers_read_mail_in_files(url: str) -> None:
    found = read_email_url(url)
    assert found.backend.endswith("filebased.EmailBackend")
    assert found.folder == "/var/my mail"


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("mailto:ada@example.com", "its scheme was 'mailto'"),
        ("mail.example.com", "its scheme was 'mail.example.com'"),
        (":secret", "its scheme was ''"),
        ("a" * 20 + "secret:", f"its scheme was '{'a' * 20}',"),
        ("console:secret", "its scheme was 'console'"),
        ("file://", "it named no folder"),
        ("file:///", "it named no folder"),
        ("file://folder", "it named no folder"),
        ("file:///folder?a=secret", "it named no folder"),
        ("smtp:", "its host or port was invalid"),
        ("smtp://", "its host or port was invalid"),
        ("smtp://me:secret@", "its host or port was invalid"),
        ("smtp://me:secret@:587", "its host or port was invalid"),
        ("smtp://me:secret@host:port", "its host or port was invalid"),
        ("smtp://me:secret@host:0", "its host or port was invalid"),
        ("smtp://me:secret@host:70000", "its host or port was invalid"),
        ("smtp://me:secret@[::1", "its host or port was invalid"),
        ("smtp://me:secret@two hosts", "its host or port was invalid"),
        ("smtp://me:secret@host/folder", "it went on after host and port"),
        ("smtp://me:secret@host?tls=1", "it went on after host and port"),
        ("smtp://me:secret@host#x", "it went on after host and port"),
        ("smtp://me:%ffsecret@host", "its user or password was not UTF-8"),
        ("smtp://me@host", "a user or a password, but not both"),
        ("smtp://:secret@host", "a user or a password, but not both"),
        ("smtp://me:secret@relay?starttls=no", "must not be sent in the clear"),
    ],
)
def test_a_malformed_address_is_refused_without_its_password(url: str, fact: str) -> None:
    with pytest.raises(ValueError, match=fact) as refused:
        read_email_url(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["smtp://me:sec/ret@host", "smtp://me:sec#ret@host", "smtp://me:sec?ret@host"]
)
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="expected smtp://") as refused:
        read_email_url(url)
    assert "sec" not in str(refused.value)
