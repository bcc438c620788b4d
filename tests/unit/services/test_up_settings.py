"""What `runcast up` makes of its options and the environment, before anything is served."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runcast_api.settings import ApiSettings
from runcast_core.serving.settings import ServiceSettings
from runcast_gateway.settings import GatewaySettings
from runcast_runner.settings import RunnerSettings
from runcast_services import up

ENVIRONMENT = {"REDIS_URL": "redis://127.0.0.1:1/0"}
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[dict[str, str], tuple[str, int]]]:
    """A function that starts `runcast up` as far as its settings; returns them, and the address that it bound."""
    seen = []

    async def main(settings, listener, *_) -> None:
        seen.append((dict(settings), listener.getsockname()))

    monkeypatch.setattr(up, "_main", main)

    def settle(host: str, **environment: str):
        up.run_up(ENVIRONMENT | environment, host=host, port=0, data_directory=tmp_path / "data")
        return seen.pop()

    return settle


@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.1", "localhost"])
def test_the_settings_say_what_is_bound(settled, host):
    """`--host` and `--port` win over what is exported, in the runner too, which runs processes on loopback only."""
    settings, (bound, port) = settled(host, RUNCAST_HOST="127.0.0.1", RUNCAST_PORT="1")
    told = ServiceSettings.from_mapping(settings)
    assert (told.host, told.port) == (bound, port)
    assert RunnerSettings.from_mapping(settings).process_allowed is (host != "127.0.0.2")


def test_only_pages_of_this_machine_may_call(settled):
    """Under the names of loopback and the one that was given; the environment may say otherwise."""
    settings, _ = settled("127.0.0.2")
    assert set(ApiSettings.from_mapping(settings).allowed_hosts) == {*LOOPBACK, "127.0.0.2"}
    for service in (ApiSettings, GatewaySettings):
        assert service.from_mapping(settings).origins.allows("http://localhost:5173")
        assert not service.from_mapping(settings).origins.allows("https://evil.example")
    settings, _ = settled("127.0.0.1", RUNCAST_ALLOWED_HOSTS="a.example", RUNCAST_CORS_ORIGINS="https://b.example")
    assert ApiSettings.from_mapping(settings).allowed_hosts == ("a.example",)
    assert ApiSettings.from_mapping(settings).origins.allows("https://b.example")


def test_nobody_reports_without_a_token(settled):
    """No peer is trusted by its address, behind a proxy on this machine everybody has the same one, nor is a report
    without an organization everybody's, unless the environment says so. There is a token, of its own unless given."""
    settings = ApiSettings.from_mapping(settled("127.0.0.1")[0])
    assert (settings.global_fallback, settings.callback_networks) == (False, ())
    assert settings.callback_token is not None
    assert len(settings.callback_token.get_secret_value()) == 43
    given = {"RUNCAST_CALLBACK_TOKEN": "t", "RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8", "RUNCAST_GLOBAL_FALLBACK": "1"}
    settings = ApiSettings.from_mapping(settled("127.0.0.1", **given)[0])
    assert (settings.global_fallback, len(settings.callback_networks)) == (True, 1)
    assert settings.callback_token is not None
    assert settings.callback_token.get_secret_value() == "t"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])
def test_jobs_are_told_where_it_is(settled, host):
    """Its own address, as this machine sees it; the environment may say another, such as the one of a proxy."""
    settings, (bound, port) = settled(host)
    shown = "127.0.0.1" if bound == "0.0.0.0" else bound
    assert RunnerSettings.from_mapping(settings).api_url == f"http://{shown}:{port}"
    settings, _ = settled(host, RUNCAST_API_URL="https://runcast.example")
    assert RunnerSettings.from_mapping(settings).api_url == "https://runcast.example"


@pytest.mark.parametrize(
    ("host", "address", "names"),
    [
        ("localhost", "127.0.0.1", LOOPBACK),
        ("::1", "::1", LOOPBACK),
        ("workstation", "127.0.1.1", LOOPBACK | {"workstation"}),
        ("0.0.0.0", "0.0.0.0", {"*"}),
        ("::", "::", {"*"}),
        ("runcast.example", "192.0.2.7", {"*"}),
    ],
)
def test_on_loopback_only_its_names_are_served(host: str, address: str, names: set[str]):
    """Bound to loopback it answers to the names of loopback, where others may connect to any name."""
    assert set(up._allowed_hosts(host, address).split(",")) == names
