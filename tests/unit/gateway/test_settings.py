"""The gateway's own settings."""

import pytest

from runcast_core.model.errors import SettingError
from runcast_gateway.bounds import Bounds
from runcast_gateway.settings import GatewaySettings

NEEDED = {"JWT_SECRET": "a secret of thirty-two characters, for tests"}
VARIABLES = {
    "RUNCAST_MAX_MESSAGE_BYTES": ("max_message_bytes", "2048", 2048, "1023"),
    "RUNCAST_SHED_BYTES": ("shed_bytes", "20000", 20_000, "16383"),
    "RUNCAST_CUT_BYTES": ("cut_bytes", "70000", 70_000, "65535"),
    "RUNCAST_COALESCE_MS": ("coalesce_ms", "0", 0, "-1"),
    "RUNCAST_MAX_WATCHED": ("max_watched", "7", 7, "0"),
    "RUNCAST_MAX_SOCKETS_PER_ORGANIZATION": ("max_sockets_per_organization", "8", 8, "0"),
    "RUNCAST_MAX_SOCKETS_PER_USER": ("max_sockets_per_user", "9", 9, "0"),
    "RUNCAST_MAX_MESSAGES_PER_SECOND": ("max_messages_per_s", "10", 10, "0"),
    "RUNCAST_HANDSHAKE_TIMEOUT": ("handshake_s", "0.5", 0.5, "0"),
    "RUNCAST_EXPIRY_WARNING": ("expiry_warning_s", "0", 0, "-1"),
    "RUNCAST_DRAIN_WINDOW": ("drain_s", "0", 0, "-1"),
    "RUNCAST_PING_INTERVAL": ("ping_interval_s", "1.5", 1.5, "0"),
    "RUNCAST_PING_TIMEOUT": ("ping_timeout_s", "1.5", 1.5, "0"),
    "RUNCAST_LINGER": ("linger_s", "1", 1, "0.9"),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_sets_one_and_is_named_if_it_cannot_be(name: str):
    """At the edge of what is allowed, and past it."""
    field, text, value, wrong = VARIABLES[name]
    assert getattr(GatewaySettings.from_mapping(NEEDED | {name: text}), field) == value
    for bad in (wrong, "many", "nan"):
        with pytest.raises(SettingError) as caught:
            GatewaySettings.from_mapping(NEEDED | {name: bad})
        assert name in caught.value.message


def test_bounds_are_what_was_set():
    """None is mixed up with another; left alone they are the defaults of `Bounds`."""
    assert GatewaySettings.from_mapping(NEEDED).bounds == Bounds()
    chosen = NEEDED | {name: text for name, (_, text, _, _) in VARIABLES.items()}
    assert GatewaySettings.from_mapping(chosen).bounds == Bounds(
        window_s=0.0,
        soft_bytes=20_000,
        hard_bytes=70_000,
        watched=7,
        sockets_per_organization=8,
        sockets_per_user=9,
        messages_per_s=10,
        handshake_s=0.5,
    )
