"""Settings: from a mapping, frozen, with errors that name the variable and never repeat a value."""

import re
from pathlib import Path

import pytest

from runcast_api.settings import ApiSettings
from runcast_core.model.errors import SettingError
from runcast_core.serving.settings import SecretsSettings, ServiceSettings, StoreSettings, TokenSettings
from runcast_runner.settings import RunnerSettings

PROTOCOL = Path(__file__).parents[4] / "docs" / "protocol.md"
SECRET = "a secret of thirty-two characters, for tests"


def test_defaults_and_variables():
    """Unset and empty variables give the default; others are read."""
    settings = ServiceSettings.from_mapping({"RUNCAST_PORT": "8080", "REDIS_URL": "", "OTHER": "x"})
    assert (settings.port, settings.redis_url) == (8080, "redis://127.0.0.1:6379/0")


@pytest.mark.parametrize(
    ("group", "mapping", "name"),
    [
        (ServiceSettings, {"RUNCAST_PORT": "many"}, "RUNCAST_PORT"),
        (ServiceSettings, {"RUNCAST_LOG_LEVEL": "loud"}, "RUNCAST_LOG_LEVEL"),
        (TokenSettings, {}, "JWT_SECRET"),
        (TokenSettings, {"JWT_SECRET": "short-and-sweet"}, "JWT_SECRET"),
        (TokenSettings, {"JWT_SECRET": "a" * 64}, "JWT_SECRET"),
        (TokenSettings, {"JWT_SECRET": SECRET, "JWT_EXPIRY": "soon"}, "JWT_EXPIRY"),
        (SecretsSettings, {"RUNCAST_SECRETS_KEY": "short-and-sweet"}, "RUNCAST_SECRETS_KEY"),
        (SecretsSettings, {"RUNCAST_SECRETS_KEY": f"{'0123456789' * 4}, short-and-sweet"}, "RUNCAST_SECRETS_KEY"),
    ],
)
def test_a_wrong_value_names_the_variable_and_not_the_value(group, mapping, name):
    """The start is refused with a text that helps and tells no secret."""
    with pytest.raises(SettingError) as caught:
        group.from_mapping(mapping)
    assert name in caught.value.message
    assert not any(value in caught.value.message for value in mapping.values() if len(value) > 10)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800)])
def test_a_lifetime_is_seconds_or_a_number_with_a_unit(text, seconds):
    """As the replaced system's setting had it."""
    settings = TokenSettings.from_mapping({"JWT_SECRET": SECRET, "JWT_EXPIRY": text})
    assert settings.jwt_expiry_s == seconds
    assert SECRET not in repr(settings)


def test_the_longest_lifetime_is_of_whoever_issues_the_tokens():
    """Ours by JWT_EXPIRY; an identity provider's are not ours to choose, only to know."""
    own = TokenSettings.from_mapping(
        {"JWT_SECRET": SECRET, "JWT_EXPIRY": "7d", "RUNCAST_PROVIDER_TOKEN_LIFETIME": "1h"}
    )
    assert own.longest_lifetime_s == 604_800
    provider = {"JWKS_URL": "https://id.example/keys", "JWT_EXPIRY": "7d"}
    assert TokenSettings.from_mapping(provider).longest_lifetime_s == 86_400
    told = TokenSettings.from_mapping(provider | {"RUNCAST_PROVIDER_TOKEN_LIFETIME": "30d"})
    assert told.longest_lifetime_s == 2_592_000


def test_the_store_is_mongodb_if_set_else_the_sqlite_file():
    """Neither is an error that names both."""
    assert StoreSettings.from_mapping({"MONGODB_URL": "mongodb://m", "RUNCAST_SQLITE_PATH": "/x"}).store_url == (
        "mongodb://m"
    )
    assert StoreSettings.from_mapping({"RUNCAST_SQLITE_PATH": "/x/y"}).store_url == "sqlite:///x/y"
    with pytest.raises(SettingError, match=r"MONGODB_URL.*RUNCAST_SQLITE_PATH"):
        _ = StoreSettings.from_mapping({}).store_url


def test_secrets_keys_are_separated_by_commas_and_never_shown():
    """None is none; the group does not weaken the check of JWT_SECRET where both are read."""
    assert SecretsSettings.from_mapping({}).secrets_keys == ()
    new, old = "n3w key abc " * 5, "0ld key xyz " * 5
    settings = SecretsSettings.from_mapping({"RUNCAST_SECRETS_KEY": f"{new}, {old}"})
    assert [key.get_secret_value() for key in settings.secrets_keys] == [new.strip(), old.strip()]
    assert "key" not in repr(settings).replace("secrets_keys", "")
    for group in (ApiSettings, RunnerSettings):
        with pytest.raises(SettingError, match="RUNCAST_SECRETS_KEY"):
            group.from_mapping({"JWT_SECRET": new, "RUNCAST_SECRETS_KEY": "short"})
    with pytest.raises(SettingError, match="JWT_SECRET"):
        ApiSettings.from_mapping({"JWT_SECRET": "short", "RUNCAST_SECRETS_KEY": new})


def test_the_settings_of_the_runner_are_documented():
    """Each once, beside its default where that is a number; and no other."""
    _, _, section = PROTOCOL.read_text().partition("## Settings of the runner\n")
    rows = [row.split(" | ") for row in section.partition("\n## ")[0].splitlines() if row.startswith("| `")]
    shared = ServiceSettings.model_fields | StoreSettings.model_fields
    own = {name: field for name, field in RunnerSettings.model_fields.items() if name not in shared}
    named = [name for row in rows for name in re.findall("RUNCAST_[A-Z_]+", row[0])]
    assert sorted(named) == sorted(str(field.alias) for field in own.values())
    for field in own.values():
        default = next(row[1] for row in rows if f"`{field.alias}`" in row[0])
        if type(field.default) in (int, float):
            assert f"{field.default:,}" in re.findall(r"[\d,]*\d", default)
