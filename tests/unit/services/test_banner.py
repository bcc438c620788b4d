"""What `runcast up` prints first: the address of the page, and where it is safe what logs one in there."""

import json
import re
from base64 import urlsafe_b64decode

import pytest

from runcast_services.banner import banner
from runcast_services.demo_account import DemoAccount

ACCOUNT = DemoAccount("demo@example.com", "✓:b/c d#e%???>>>", "o1", "token")


def _first(host: str, account: DemoAccount | None) -> str:
    return banner("http://127.0.0.1:3000", account, "docker", {"RUNCAST_HOST": host}, "").split("\n")[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_on_loopback_the_address_logs_in(host: str):
    """Behind a `#`, and encoded, so that it is one word and one address, whatever the password."""
    before, _, login = _first(host, ACCOUNT).partition("#demo=")
    assert before == "  Runcast is up at http://127.0.0.1:3000/"
    assert re.fullmatch(r"[A-Za-z0-9_-]+", login)
    assert json.loads(urlsafe_b64decode(login + "==")) == {"email": ACCOUNT.email, "password": ACCOUNT.password}


@pytest.mark.parametrize(("host", "account"), [("0.0.0.0", ACCOUNT), ("192.0.2.7", ACCOUNT), ("127.0.0.1", None)])
def test_elsewhere_it_is_the_address(host: str, account: DemoAccount | None):
    """Where others can connect, an address that is passed on gives nothing away; nor does one without an account."""
    assert _first(host, account) == "  Runcast is up at http://127.0.0.1:3000/"
