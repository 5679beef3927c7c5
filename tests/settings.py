"""The product's settings in the environment of a test run."""

from tests.support import environment

environment.prepare()

from tgstaff.settings import *  # noqa: E402, F403  the environment comes first
from tgstaff.settings import DATABASES  # noqa: E402  as above

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow by design

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"] + ".test"}
    # nothing here has to survive a power cut
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
