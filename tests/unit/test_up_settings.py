"""What `runcast up` sets where the environment says nothing."""

from pathlib import Path

import pytest

from runcast_api.settings import ApiSettings
from runcast_gateway.settings import GatewaySettings
from runcast_services.up import _defaults

SECRET = "0123456789abcdef0123456789abcdef"


def _settings(host: str, **environment: str) -> ApiSettings:
    return ApiSettings.from_mapping({"JWT_SECRET": SECRET, **_defaults(Path("/data"), host), **environment})


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("127.0.0.1", {"localhost", "127.0.0.1", "[::1]"}),
        ("localhost", {"localhost", "127.0.0.1", "[::1]"}),
        ("::1", {"localhost", "127.0.0.1", "[::1]"}),
        ("127.0.0.2", {"localhost", "127.0.0.1", "[::1]", "127.0.0.2"}),
        ("0.0.0.0", {"*"}),
        ("::", {"*"}),
        ("192.0.2.7", {"*"}),
        ("runcast.example", {"*"}),
    ],
)
def test_on_loopback_only_its_names_are_served(host: str, names: set[str]):
    """Bound to loopback it answers to the names of loopback, where others may connect to any name."""
    assert set(_settings(host).allowed_hosts) == names
    assert _settings(host, RUNCAST_ALLOWED_HOSTS="a.example").allowed_hosts == ("a.example",)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_only_pages_of_this_machine_may_call(host: str):
    """Wherever it is bound, api and gateway allow local pages alone."""
    gateway = GatewaySettings.from_mapping({"JWT_SECRET": SECRET, **_defaults(Path("/data"), host)})
    for origins in (_settings(host).origins, gateway.origins):
        assert origins.allows("http://localhost:5173")
        assert not origins.allows("https://evil.example")
