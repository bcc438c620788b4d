"""Origins: what the setting means, what it refuses, and what each service makes of it."""

import re

import pytest

from runcast_api.settings import ApiSettings
from runcast_core.model.errors import SettingError
from runcast_core.serving.origins import Origins
from runcast_gateway.settings import GatewaySettings

SECRET = "0123456789abcdef0123456789abcdef"
OURS = (
    "http://localhost",
    "http://localhost:5173",
    "https://localhost:8443",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
)
FOREIGN = (
    "https://evil.example",
    "http://localhost.evil.example",
    "http://localhost:3000.evil.example",
    "http://evil-localhost",
    "http://evil.example:3000/localhost",
    "http://localhost@evil.example",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.2",
    "http://127a0b0c1",
    "http://[::1].evil.example",
    "http://::1",
    "http://localhost:٣",
    "http://localhost:123456",
    "http://localhost\n",
    "ftp://localhost",
    "null",
    "",
)


@pytest.mark.parametrize("origin", [*OURS, *FOREIGN])
def test_loopback_is_every_port_of_this_machines_own_names(origin):
    """`loopback` allows http and https on localhost, 127.0.0.1 and [::1], and no name that only looks like one."""
    assert Origins.parse("loopback").allows(origin) is (origin in OURS)


def test_a_list_allows_what_it_names():
    """Entries are trimmed and lowered, an empty one is none, and `loopback` may stand among them."""
    origins = Origins.parse(" https://A.example:8443 , loopback,, capacitor://localhost")
    assert origins.allow_origins == ("https://a.example:8443", "capacitor://localhost")
    for origin in (*origins.allow_origins, *OURS):
        assert origins.allows(origin)
    for origin in ("https://a.example", "http://a.example:8443", "*", "loopback", *FOREIGN):
        assert not origins.allows(origin)


def test_a_star_allows_all():
    """Alone or in a list."""
    for text in ("*", "https://a.example, *"):
        assert Origins.parse(text).any_origin
        assert all(Origins.parse(text).allows(origin) for origin in (*OURS, *FOREIGN))


@pytest.mark.parametrize("service", [ApiSettings, GatewaySettings])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "a.example",
            "https://a.example/",
            "https://",
            "//a.example",
            "https://a.example/path",
            "https://u@a.example",
        ),
        *("https://*.example", "https://a.example:port", "https://a.example:443", "http://a.example:80", "null", ","),
        *("https://a.example https://b.example", "loopback:3000", "https://a.example,b", "[::1]"),
    ],
)
def test_a_malformed_origin_stops_the_start_and_names_the_variable(service, text):
    """What no browser sends would be allowed in vain: the start is refused, and the text is not repeated."""
    with pytest.raises(SettingError, match="RUNCAST_CORS_ORIGINS") as caught:
        service.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_CORS_ORIGINS": text})
    assert not re.search(r"a\.example|3000", caught.value.message)


def _gateway(**environment: str) -> GatewaySettings:
    return GatewaySettings.from_mapping({"JWT_SECRET": SECRET, **environment})


def test_a_gateway_allows_all_unless_told():
    """Without the setting python-socketio is told so in its own word."""
    assert _gateway().allowed_origins == "*"


def test_a_gateway_allows_the_setting_and_pages_of_its_own_host():
    """A page that came from the very host that is called connects; another on the list's outside does not."""
    allows = _gateway(RUNCAST_CORS_ORIGINS="loopback").allowed_origins
    assert callable(allows)
    own = {"HTTP_HOST": "runcast.example:3000"}
    assert allows("http://localhost:5173", own)
    assert allows("http://runcast.example:3000", own)
    assert allows("https://runcast.example:3000", own)
    for origin in (None, "http://runcast.example", "http://evil.example", "ftp://runcast.example:3000"):
        assert not allows(origin, own)
    assert not allows("http://None", {})
