"""One settings file, from the environment. `.env.example` names every variable.

Nonsense is refused by the system checks in core/checks.py.
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy

from core import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

DEBUG = env.bool("DEBUG", default=False)
TESTING = env.bool("TESTING", default=False)
CLOCK_SHIFT = env.float("CLOCK_SHIFT", default=0.0)
CRASH_AT = env.str("CRASH_AT", default="")

SECRET_KEY = env.str("SECRET_KEY")
FIELD_KEYS: list[str] = env.list("FIELD_KEYS", default=[])

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))

# ---------------------------------------------------------------- apps and middleware

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "core.admin_app.AdminApp",  # Django's, with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "core",
    "live",
    "accounts",
    "projects",
    "bots",
    "routing",
    "redirects",
    "sessions_app",
    "insights",
]

MIDDLEWARE = [
    "core.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.SecurityHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.AdminPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.http.OwnLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tgstaff.urls"
ASGI_APPLICATION = "tgstaff.asgi.application"

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
                "csp.context_processors.nonce",
            ],
        },
    },
]

# How a lower app calls a higher one: see core/ports.py.
PORTS = {
    "live.access": "sessions_app.queries.feed_access",
    "accounts.user_changed": "sessions_app.actions.user_changed",
    "projects.agents_changed": "sessions_app.actions.agents_changed",
    "projects.project_changed": "sessions_app.actions.project_changed",
    "bots.outcomes": "sessions_app.actions.outcomes",
    "bots.bot_changed": "sessions_app.actions.project_changed",
    "redirects.click_came": "sessions_app.actions.click_came",
    "routing.presence_changed": "sessions_app.actions.presence_changed",
    "routing.hours_changed": "sessions_app.actions.hours_changed",
    "routing.rules_changed": "sessions_app.actions.rules_changed",
}

# ---------------------------------------------------------------- rows

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DB_THREADS = env.int("DB_THREADS", default=8)
DB_POOL_SIZE = env.int("DB_POOL_SIZE", default=16)
DB_STATEMENT_SECONDS = env.int("DB_STATEMENT_SECONDS", default=10)


def _database(url: str) -> dict[str, Any]:
    database: dict[str, Any] = environ.Env.db_url_config(url)
    database["CONN_MAX_AGE"] = 0
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # FULL: an update confirmed to Telegram must survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;",
        }
        return database
    database["CONN_HEALTH_CHECKS"] = True
    database["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": DB_POOL_SIZE, "timeout": 10},
        "connect_timeout": 5,
        # A host that vanished is noticed after 25 s, not after two hours.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        # Statements prepared on the server: docs/decisions/0062-prepared-statements.md.
        "server_side_binding": True,
        "prepare_threshold": 3,
        "options": f"-c statement_timeout={DB_STATEMENT_SECONDS}s -c lock_timeout=3s"
        " -c idle_in_transaction_session_timeout=15s",
    }
    return database


DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'tgstaff.sqlite3'}")
DATABASES = {"default": _database(DATABASE_URL)}

# ---------------------------------------------------------------- hints and tasks (may all be lost)

REDIS_URL = env.str("REDIS_URL", default="")
# Which kicks are sent. Leaving one out proves that nothing depends on it: only slower.
KICKS: list[str] = env.list("KICKS", default=["task", "hint"])

CHANNEL_LAYERS: dict[str, dict[str, Any]]
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # socket_timeout: with redis-py's default every idle consumer dies after 5 s.
            "CONFIG": {
                "hosts": [
                    {"address": REDIS_URL, "socket_timeout": None, "socket_connect_timeout": 1}
                ],
                "prefix": "tgstaff",
            },
        },
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "core.layers.ThreadsafeInMemoryChannelLayer"}}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 60,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "socket_keepalive": True,
    }
    if REDIS_URL
    # the default of 1 s would make every task a second late
    else {"polling_interval": 0.05}
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# ---------------------------------------------------------------- people

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign_in"

AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURES", default=8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_ENABLE_ADMIN = False  # ours is in accounts/admin.py
AXES_USERNAME_FORM_FIELD = "username"
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if TRUSTED_PROXIES else ["REMOTE_ADDR"]
)

SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=14 * 24) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# ---------------------------------------------------------------- security headers

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS and env.bool("HTTPS_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# A probe comes to the process itself, past the proxy that speaks https.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# ---------------------------------------------------------------- Telegram

TELEGRAM_API_BASE = env.str("TELEGRAM_API_BASE", default="https://api.telegram.org")
TELEGRAM_LINK_BASE = env.str("TELEGRAM_LINK_BASE", default="https://t.me")
# Where Telegram reaches this installation; without it no bot can have a webhook.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
# Telegram lets about 20 bots that were silent start in a minute from one address. 0: no limit.
BOT_STARTS_PER_MINUTE = env.int(
    "BOT_STARTS_PER_MINUTE", default=20 if "api.telegram.org" in TELEGRAM_API_BASE else 0
)

# ---------------------------------------------------------------- mail, for alarms

# Empty: no mails, alarms are shown on pages alone.
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.str("EMAIL_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_PASSWORD", default="")
# starttls, tls (from the first byte, usually on port 465) or none
EMAIL_SECURITY = env.str("EMAIL_SECURITY", default="starttls")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = env.float("EMAIL_SECONDS", default=10)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="TG-Staff <tgstaff@localhost>")

# ---------------------------------------------------------------- documented times, in seconds

BEAT_SECONDS = env.float("BEAT_SECONDS", default=25)
LEASE_SECONDS = env.float("LEASE_SECONDS", default=90)
CLOSE_SECONDS = env.float("CLOSE_SECONDS", default=15)
GRACE_SECONDS = env.float("GRACE_SECONDS", default=60)
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=5)
PULSE_SECONDS = env.float("PULSE_SECONDS", default=5)
BOT_LEASE_SECONDS = env.float("BOT_LEASE_SECONDS", default=10)
SEND_SECONDS = env.float("SEND_SECONDS", default=20)
DEAF_SECONDS = env.float("DEAF_SECONDS", default=120)

# ---------------------------------------------------------------- how long what grows is kept

UPDATE_HOURS = env.float("UPDATE_HOURS", default=72)
CALL_DAYS = env.float("CALL_DAYS", default=90)
EVENT_DAYS = env.float("EVENT_DAYS", default=7)
EVENT_COUNT = env.int("EVENT_COUNT", default=50_000)
ATTEMPT_DAYS = env.float("ATTEMPT_DAYS", default=90)
PRESENCE_DAYS = env.float("PRESENCE_DAYS", default=400)
SIGN_IN_DAYS = env.float("SIGN_IN_DAYS", default=30)
AUDIT_DAYS = env.float("AUDIT_DAYS", default=730)
CLICK_DAYS = env.float("CLICK_DAYS", default=730)
CLICK_IP_DAYS = env.float("CLICK_IP_DAYS", default=30)
# Whether visitors' addresses are kept at all.
CLICK_IPS = env.bool("CLICK_IPS", default=True)
ALARM_DAYS = env.float("ALARM_DAYS", default=400)

# ---------------------------------------------------------------- words, time, static files

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("ru", "Русский")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = HTTPS
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "core.formats"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", default=True)
WHITENOISE_AUTOREFRESH = DEBUG

# ---------------------------------------------------------------- watching

# Who may see figures (/metrics, and /readyz in full): with this token, or from these addresses.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_PORT = env.int("METRICS_PORT", default=0)
METRICS_ADDRESSES: list[str] = env.list("METRICS_ADDRESSES", default=[])

LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOG_REQUESTS = env.bool("LOG_REQUESTS", default=False)
LOGGING = logs.configuration(level=env.str("LOG_LEVEL", default="INFO"), style=LOG_FORMAT)

# What tables and columns are called there that have no name in their models.
ADMIN_NAMES = "tgstaff.columns"

UNFOLD = {
    "SITE_TITLE": "TG-Staff",
    "SITE_HEADER": "TG-Staff",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/icon.svg"}],
    "SHOW_HISTORY": True,
    "SIDEBAR": {"navigation": "tgstaff.sidebar.groups"},
    "ACCOUNT": {"navigation": [{"title": gettext_lazy("Console"), "link": "/console/"}]},
    # the accent of static/css/tokens.css and its shades
    "COLORS": {
        "primary": {
            "50": "#eef4fd",
            "100": "#dbe7fb",
            "200": "#bcd3f7",
            "300": "#93b7f1",
            "400": "#6ea2ff",
            "500": "#3f7ade",
            "600": "#2563c9",
            "700": "#1f52a8",
            "800": "#1e4588",
            "900": "#1d3b6f",
            "950": "#152647",
        },
    },
}
