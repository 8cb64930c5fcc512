"""The settings, read from the environment once. A wrong value fails at start, and says the cure.

`runtime` reads the MARKET_* names and hands them on as arguments. The few modules that read one
themselves are listed in tests/laws/test_python.py.
"""

import os
import secrets
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final

import litecharts
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dashboard.database_url import read_database_url
from dashboard.email_url import NO_MAIL, Mailer, read_email_url
from dashboard.network.hops import Network, parse_networks
from dashboard.network.origins import are_secure, hosts_of, parse_origins
from dashboard.private_files import make_private_folder
from feeds.file_modes import FILE_MODE

BASE_DIR: Final = Path(__file__).resolve().parent.parent
RENAMED: Final = {"MARKET_SEATS_PER_USER": "MARKET_CONNECTIONS_PER_USER"}
"""Former names of settings, and the present ones."""
LOCAL_HOSTS: Final = "localhost,127.0.0.1,[::1]"
KEY_LENGTH: Final = 50
KEY_VARIETY: Final = 5
"""Least length of a secret key and of its alphabet, as Django's deployment check has them."""
YEAR_S: Final = 31_536_000
TOKEN_LENGTH: Final = 20
"""Characters that cannot be guessed by asking."""


def _number(name: str, default: float, *, low: float, high: float) -> float:
    text = os.environ.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} was {text!r}, expected a number {low:g} to {high:g}")
    return value


def _refuse_old_names() -> None:
    """Fail for a former name: otherwise the setting would be ignored silently."""
    for old, new in RENAMED.items():
        if old in os.environ:
            raise ImproperlyConfigured(f"{old} is called {new} now: set that one instead")


def _data_dir() -> Path:
    folder = Path(os.environ.get("MARKET_DATA_DIR", BASE_DIR / "data")).resolve()
    try:
        make_private_folder(folder)
    except OSError as error:
        cure = f"cannot be a folder ({error.strerror})"
        raise ImproperlyConfigured(f"MARKET_DATA_DIR was {str(folder)!r}, which {cure}") from None
    return folder


def _database(default_file: Path) -> dict[str, Any]:
    try:
        return read_database_url(os.environ.get("DATABASE_URL", ""), default_file)
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL: {error}") from None


def _redis_url() -> str:
    url = os.environ.get("REDIS_URL", "")
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        cure = "expected redis://, rediss:// or unix://, as in redis://localhost:6379/0"
        raise ImproperlyConfigured(f"REDIS_URL was {url.partition(':')[0]!r}…, {cure}")
    return url


def _upstream_url() -> str:
    url = os.environ.get("MARKET_UPSTREAM_URL", "")
    if url and not url.startswith(("ws://", "wss://")):
        raise ImproperlyConfigured("MARKET_UPSTREAM_URL was something else than ws:// or wss://…")
    return url


def _metrics_token() -> str:
    token = os.environ.get("MARKET_METRICS_TOKEN", "")
    if token and (len(token) < TOKEN_LENGTH or not token.isascii()):
        cure = f"expected {TOKEN_LENGTH} characters of ASCII or more"
        raise ImproperlyConfigured(f"MARKET_METRICS_TOKEN was too easy to guess, {cure}")
    return token


def _log_format() -> str:
    name = os.environ.get("MARKET_LOG_FORMAT", "line")
    if name not in ("line", "json"):
        raise ImproperlyConfigured(f"MARKET_LOG_FORMAT was {name!r}, expected line or json")
    return name


def _channel_layer(redis_url: str) -> dict[str, object]:
    """Return the channel layer that carries pokes; short timeouts, as a lost poke does no harm."""
    if not redis_url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    host = {"address": redis_url, "socket_timeout": 2, "socket_connect_timeout": 2}
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [host], "prefix": "market"},
    }


def _secret_key(folder: Path) -> str:
    """Return the key from the environment, or one that is made once and stored with the data."""
    if key := os.environ.get("SECRET_KEY"):
        return _strong(key, "SECRET_KEY")
    file = folder / "secret_key"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, FILE_MODE), "w") as out:
            out.write(secrets.token_urlsafe(50))
    return file.read_text()


def _former_keys() -> list[str]:
    """Return former keys: what they signed stays valid, and they sign nothing new."""
    named = os.environ.get("SECRET_KEY_FALLBACKS", "").split(",")
    keys = [key.strip() for key in named if key.strip()]
    return [_strong(key, "SECRET_KEY_FALLBACKS") for key in keys]


def _strong(key: str, name: str) -> str:
    is_weak = len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY
    if not DEBUG and (is_weak or key.startswith("django-insecure-")):
        cure = f"expected {KEY_LENGTH} random characters or more, or none to have a key made"
        raise ImproperlyConfigured(f"{name} was weak, {cure}")
    return key


def _public_origins() -> tuple[str, ...]:
    try:
        return parse_origins(os.environ.get("MARKET_PUBLIC_ORIGINS", ""))
    except ValueError as error:
        cure = "expected origins with commas between, as in https://market.example.com"
        raise ImproperlyConfigured(f"MARKET_PUBLIC_ORIGINS: {error}; {cure}") from None


def _trusted_proxies() -> tuple[Network, ...]:
    try:
        return parse_networks(os.environ.get("MARKET_TRUSTED_PROXIES", ""))
    except ValueError as error:
        cure = "expected addresses and networks with commas between, as in 127.0.0.1,10.0.0.0/8"
        raise ImproperlyConfigured(f"MARKET_TRUSTED_PROXIES: {error}; {cure}") from None


def _reachable_networks() -> tuple[Network, ...]:
    try:
        return parse_networks(os.environ.get("MARKET_REACHABLE_NETWORKS", ""))
    except ValueError as error:
        cure = "expected addresses and networks with commas between, as in 10.1.0.0/16"
        raise ImproperlyConfigured(f"MARKET_REACHABLE_NETWORKS: {error}; {cure}") from None


def _allowed_hosts(origins: tuple[str, ...]) -> list[str]:
    """Return the names of this site: those of its public origins need no mention of their own."""
    named = os.environ.get("MARKET_ALLOWED_HOSTS", LOCAL_HOSTS).split(",")
    hosts = [host.strip() for host in named if host.strip()]
    if "*" in hosts and not DEBUG:
        cure = "name the hosts, or set MARKET_PUBLIC_ORIGINS"
        raise ImproperlyConfigured(f"MARKET_ALLOWED_HOSTS was *, which is any host: {cure}")
    return list(dict.fromkeys([*hosts, *hosts_of(origins)]))


def _mailer(origins: tuple[str, ...]) -> Mailer:
    """Return how e-mail is sent. Links in it begin with an origin: a request may name any host."""
    try:
        mailer = read_email_url(os.environ.get("EMAIL_URL", ""))
    except ValueError as error:
        raise ImproperlyConfigured(f"EMAIL_URL: {error}") from None
    if mailer != NO_MAIL and not origins:
        cure = "set MARKET_PUBLIC_ORIGINS, as in https://market.example.com"
        raise ImproperlyConfigured(f"EMAIL_URL was set, but links in e-mail need an origin: {cure}")
    return mailer


def _sender(origins: tuple[str, ...]) -> str:
    """Return who e-mail is from."""
    host = hosts_of(origins)[0] if origins else "localhost"
    sender = os.environ.get("MARKET_EMAIL_FROM", "") or f"market@{host}"
    if "@" not in parseaddr(sender)[1] or not sender.isprintable():
        cure = "expected an address, as in Market <market@example.com>"
        raise ImproperlyConfigured(f"MARKET_EMAIL_FROM was {sender!r}, {cure}")
    return sender


def _is_https(origins: tuple[str, ...], proxies: tuple[Network, ...]) -> bool:
    """Say whether people come over TLS. Only a proxy can end it, so one must be trusted."""
    wanted = os.environ.get("MARKET_HTTPS", "")
    is_https = are_secure(origins)
    if wanted == "1" and not is_https:
        cure = "set MARKET_PUBLIC_ORIGINS, as in https://market.example.com"
        raise ImproperlyConfigured(f"MARKET_HTTPS was 1, but no origin has https: {cure}")
    if wanted not in ("", "1") and is_https:
        cure = "unset MARKET_HTTPS, as the origins of MARKET_PUBLIC_ORIGINS have https"
        raise ImproperlyConfigured(f"MARKET_HTTPS was {wanted!r}, so cookies were unsafe: {cure}")
    if is_https and not proxies:
        cure = "set MARKET_TRUSTED_PROXIES to the address of the proxy, as in 127.0.0.1"
        raise ImproperlyConfigured(
            f"MARKET_PUBLIC_ORIGINS has https, but no proxy is trusted to say so: {cure}"
        )
    return is_https


_refuse_old_names()

# --- the market -----------------------------------------------------------------------------
MARKET_DATA_DIR = _data_dir()
MARKET_RECORDINGS_DIR = Path(
    os.environ.get("MARKET_RECORDINGS_DIR", MARKET_DATA_DIR / "recordings")
).resolve()
"""Folder of the recordings of feeds."""
MARKET_FLUSH_MS = int(_number("MARKET_FLUSH_MS", 50, low=5, high=1000))
"""Time between two batches of ticks; that of a step of a simulated market, or ticks would wait."""
MARKET_HEARTBEAT_MS = int(_number("MARKET_HEARTBEAT_MS", 5000, low=100, high=60_000))
"""Every subscriber gets a heartbeat this often, with the position of each channel."""
MARKET_RECONCILE_S = _number("MARKET_RECONCILE_S", 2, low=0.1, high=60)
"""The feed is compared with its rows this often, so a lost poke only delays a change."""
MARKET_SWEEP_S = _number("MARKET_SWEEP_S", 0.5, low=0.1, high=60)
"""Connections are compared with accounts and browser sessions this often."""
MARKET_TAPE_EVENTS = int(_number("MARKET_TAPE_EVENTS", 131_072, low=1_000, high=10_000_000))
"""Events of the tape that a reader can resume from: 65 s at 2,000 ticks/s, 11 min at 200."""
MARKET_BARS_DAYS = int(_number("MARKET_BARS_DAYS", 30, low=1, high=3650))
"""Bars of minutes are stored for so many exchange days; bars of days for ten years."""
MARKET_NOTIFICATIONS_DAYS = int(_number("MARKET_NOTIFICATIONS_DAYS", 90, low=1, high=3650))
"""Notifications are kept for so many days, read or not."""
MARKET_ALERTS_DAYS = int(_number("MARKET_ALERTS_DAYS", 90, low=1, high=3650))
"""Firings are kept for so many days, and so are alerts after they expired."""
MARKET_DISPATCHES_DAYS = int(_number("MARKET_DISPATCHES_DAYS", 14, low=1, high=3650))
"""The log of what was sent to webhooks and browsers goes back so many days."""
MARKET_AUDIT_DAYS = int(_number("MARKET_AUDIT_DAYS", 730, low=30, high=36_500))
"""Audit entries are kept for so many days."""
MARKET_CONNECTIONS_PER_USER = int(_number("MARKET_CONNECTIONS_PER_USER", 40, low=1, high=100_000))
"""Open sockets, streams and long-polls of one account in one process."""
MARKET_MAX_SUBSCRIBERS = int(_number("MARKET_MAX_SUBSCRIBERS", 4_000, low=1, high=100_000))
"""Subscribers of one process; the next one is asked to come back later."""
MARKET_MEMORY_LIMIT_MIB = int(_number("MARKET_MEMORY_LIMIT_MIB", 0, low=0, high=1_000_000))
"""MiB that a web process may have; 0 leaves it to container and machine, whose limits count too."""
MARKET_SEND_DEADLINE_S = _number("MARKET_SEND_DEADLINE_S", 10, low=0.5, high=300)
"""A socket that accepted no data for this long is closed."""
MARKET_REQUESTS_PER_S = _number("MARKET_REQUESTS_PER_S", 20, low=0.1, high=1_000_000)
"""Requests of one user: polls, streams, REST and UDF together. Three seconds' worth may come at
once."""
MARKET_PING_S = _number("MARKET_PING_S", 10, low=0.5, high=300)
"""A socket that sent nothing for this long is pinged, and closed when no answer comes in time."""

MARKET_REDIS_URL = _redis_url()
"""With Redis several processes share one market: `manage.py runfeed` writes, the others read."""
MARKET_WEB_PROCESSES = int(_number("WEB_CONCURRENCY", 1, low=1, high=1000))
"""Number of web processes; uvicorn and gunicorn read the same variable."""
MARKET_UPSTREAM_URL = _upstream_url()
"""Address of upstream feeds, such as wss://stream.data.alpaca.markets/v2/iex."""
MARKET_UPSTREAM_KEY = os.environ.get("MARKET_UPSTREAM_KEY", "")
MARKET_UPSTREAM_SECRET = os.environ.get("MARKET_UPSTREAM_SECRET", "")
MARKET_UPSTREAM_STALE_S = _number("MARKET_UPSTREAM_STALE_S", 30, low=1, high=86_400)
"""An upstream that is silent for this long is connected again."""
MARKET_FEED_STALL_S = _number("MARKET_FEED_STALL_S", 5, low=1, high=86_400)
"""Operators are notified of a feed that should have ticks and has none for this long."""
MARKET_METRICS_TOKEN = _metrics_token()
"""A request that sends it may read the metrics; without it only this machine may."""

MARKET_REACHABLE_NETWORKS = _reachable_networks()
"""Private networks into which people may have their notifications sent."""
MARKET_VAPID_KEY_FILE = Path(
    os.environ.get("MARKET_VAPID_KEY_FILE", MARKET_DATA_DIR / "vapid_key.pem")
).resolve()
"""The key of pushes, made when somebody first wants some. The machines of a site share one."""
MARKET_REACH_HTTP = os.environ.get("MARKET_REACH_HTTP", "") == "1"
"""Whether people may have their notifications sent over plain http."""

# --- the way to this site -------------------------------------------------------------------
DEBUG = os.environ.get("MARKET_DEBUG", "") == "1"
MARKET_PUBLIC_ORIGINS = _public_origins()
"""Where browsers find this site, such as https://market.example.com; empty without a proxy."""
MARKET_TRUSTED_PROXIES = _trusted_proxies()
"""Proxies that say who the client is (X-Forwarded-For) and whether it has TLS (X-Forwarded-Proto).
"""
ALLOWED_HOSTS = _allowed_hosts(MARKET_PUBLIC_ORIGINS)
CSRF_TRUSTED_ORIGINS = list(MARKET_PUBLIC_ORIGINS)
IS_HTTPS = _is_https(MARKET_PUBLIC_ORIGINS, MARKET_TRUSTED_PROXIES)

# --- Django ---------------------------------------------------------------------------------
SECRET_KEY = _secret_key(MARKET_DATA_DIR)
SECRET_KEY_FALLBACKS = _former_keys()
"""Former values of SECRET_KEY: with them its change signs nobody out."""
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "dashboard.formats"

INSTALLED_APPS = [
    "dashboard.apps.DashboardConfig",  # before staticfiles: runserver is ours with our server
    "feeds.apps.FeedsConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ninja",  # the files of its page, which shows the REST API
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dashboard.pages.headers.page_headers",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "dashboard.people.former_keys.KeyChangeMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.pages.browser_sessions.BrowserSessionMiddleware",
    "dashboard.pages.second_factor.SecondFactorMiddleware",
    "dashboard.pages.staff_sessions.StaffSessionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.pages.build.build_context",
                "dashboard.pages.preferences.views.preferences_context",
                "dashboard.process.database_trouble.trouble_context",
            ],
            "libraries": {"modules": "dashboard.static_files.modules"},
        },
    },
]

DATABASES = {"default": _database(MARKET_DATA_DIR / "market.sqlite3")}

CHANNEL_LAYERS = {"default": _channel_layer(MARKET_REDIS_URL)}

# --- people ---------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
"""One backend only: with two, a wrong password takes a second hash, and the time it takes shows
whether the account exists."""
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "dashboard.people.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/15m/key,50/15m/ip",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/h/ip",
}
"""`key` is the user name with the client's address (see dashboard.people.accounts), or the e-mail
address that gets a link.
"""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_FORMS = {"reset_password_from_key": "dashboard.people.forgotten_password.NewPasswordForm"}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "dashboard.people.reset_tokens.ResetTokens"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 3600
"""Seconds until a link to set a new password ends."""
_mail = _mailer(MARKET_PUBLIC_ORIGINS)
MARKET_SENDS_MAIL = _mail != NO_MAIL
"""Whether people get a link when they forgot the password; otherwise an admin sets a new one."""
EMAIL_BACKEND = _mail.backend
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.starttls, _mail.tls
EMAIL_FILE_PATH = _mail.folder
EMAIL_TIMEOUT = 10
"""Seconds to wait for each answer of the mail server."""
DEFAULT_FROM_EMAIL = _sender(MARKET_PUBLIC_ORIGINS)
CACHES = {"default": {"BACKEND": "dashboard.people.shared_cache.SharedCache"}}
"""Counts failed sign-ins, codes and requests for links, for all processes together."""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Market"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "dashboard.people.second_factor.CodeForm",
    "reauthenticate": "dashboard.people.second_factor.ConfirmForm",
    "authenticate_webauthn": "dashboard.people.second_factor.PasskeyForm",
    "login_webauthn": "dashboard.people.second_factor.PasskeyLoginForm",
    "reauthenticate_webauthn": "dashboard.people.second_factor.PasskeyConfirmForm",
    "add_webauthn": "dashboard.people.second_factor.AddPasskeyForm",
}
MARKET_STAFF_SECOND_FACTOR = os.environ.get("MARKET_STAFF_SECOND_FACTOR", "") == "1"
"""Whether staff must show a second factor: pages, the admin and sockets are closed before."""
MARKET_STAFF_REST_S = int(_number("MARKET_STAFF_REST_S", 1800, low=1, high=1_209_600))
"""The session of staff and superusers ends when they asked for no page for this long."""
MARKET_STAFF_SESSION_S = int(_number("MARKET_STAFF_SESSION_S", 43_200, low=1, high=1_209_600))
"""The session of staff and superusers ends this long after they proved who they are."""
MARKET_OPEN_SIGNUP = os.environ.get("MARKET_OPEN_SIGNUP", "") == "1"
"""Whether anybody may create an account; by default only an admin does."""

# --- what browsers are told -----------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The page that confirms a deletion sends a field back for each row (feeds/admin/deletions.py).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "dashboard.pages.refusals.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = YEAR_S if IS_HTTPS else 0
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_SSL_HOST = MARKET_PUBLIC_ORIGINS[0].partition("://")[2] if IS_HTTPS else None
"""Where a page that is asked for over plain http is found."""
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
"""HSTS for sub-domains and browsers' lists are for the owner of the whole domain to decide."""

STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/lightweight-charts", Path(litecharts.__file__).parent / "js"),
]
"""The package litecharts has the chart library for browsers; nothing else of it is used."""
STATIC_ROOT = MARKET_DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "dashboard.static_files.storage.BuildStorage",
    },
}
"""With MARKET_DEBUG=1 pages load the files as they are now, so an edited script shows after a
reload."""

SECRETS: Final = (
    *(
        SECRET_KEY,
        *SECRET_KEY_FALLBACKS,
        MARKET_UPSTREAM_KEY,
        MARKET_UPSTREAM_SECRET,
        MARKET_METRICS_TOKEN,
    ),
    DATABASES["default"].get("PASSWORD", ""),
    EMAIL_HOST_PASSWORD,
)
"""Values that no log line may show."""
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        name: {"()": f"dashboard.operations.logs.{name.title()}Formatter", "secrets": SECRETS}
        for name in ("line", "json")
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": _log_format()}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "feeds": {"level": "INFO"},
        "dashboard": {"level": "INFO"},
        "django.security.DisallowedHost": {
            "level": "CRITICAL"
        },  # a traceback a request; dashboard.pages.refusals says it in a line
        "psycopg.pool": {"level": "CRITICAL"},  # a line for every attempt; the caller says it once
        "channels_redis": {
            "level": "CRITICAL"
        },  # a traceback a second; feeds.bus.control says it once
    },
}
