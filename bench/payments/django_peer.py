"""The peer: django-hordak, single-threaded, against the same PostgreSQL. Runs in a venv of its own.

<its python> bench/payments/django_peer.py <host> <port> <user> <password> <database> <seconds>
"""

import sys
import time

import django
from django.conf import settings

HOST, PORT, USER, PASSWORD, DATABASE, SECONDS = sys.argv[1:7]
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "mptt",
        "djmoney",
        "hordak",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": HOST,
            "PORT": PORT,
            "USER": USER,
            "PASSWORD": PASSWORD,
            "NAME": DATABASE,
        }
    },
    SECRET_KEY="bench",  # noqa: S106 - protects nothing here
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    DEFAULT_CURRENCY="USD",
    CURRENCIES=["USD"],
    BASE_CURRENCY="USD",
    MIGRATION_MODULES={},
)
django.setup()

from django.core.management import call_command  # noqa: E402 - Django has to be set up first
from hordak.models import Account  # noqa: E402 - as above

call_command("migrate", verbosity=0)
from djmoney.money import Money  # noqa: E402 - as above

accounts = [
    Account.objects.create(name=f"A{n}", code=str(n), type=kind, currencies=["USD"])
    for n, kind in enumerate(["AS"] * 20 + ["IN"] * 20)
]
started, done = time.perf_counter(), 0
while time.perf_counter() - started < float(SECONDS):
    accounts[done % 20].transfer_to(accounts[20 + done % 20], Money("0.01", "USD"))
    done += 1
print(done / (time.perf_counter() - started))
