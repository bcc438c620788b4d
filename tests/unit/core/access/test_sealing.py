"""Sealed secrets: no plain value, opened only in their place, and after a rotation."""

from typing import Any

import pytest

from runcast_core.access.sealing import Sealer, has_secrets, opened
from runcast_core.model.errors import SecretsUnreadable

OLD, NEW = "o" * 32, "n" * 32
REQUEST: dict[str, Any] = {
    "config": {
        "secrets": {"TOKEN": "hunter2-plain"},
        "envVars": {"MODE": "fast", "PASSWORD": {"value": "open-sesame", "secret": True}},
    }
}


def test_sealed_request_holds_no_plain_value_and_opens_again() -> None:
    sealer = Sealer((NEW,))
    sealed = sealer.seal(REQUEST, "acme", "t1")
    assert "hunter2-plain" not in repr(sealed)
    assert "open-sesame" not in repr(sealed)
    assert sealed["config"]["envVars"]["MODE"] == "fast"
    assert sealer.open(sealed, "acme", "t1") == REQUEST


@pytest.mark.parametrize(("organization", "task"), [("other", "t1"), ("acme", "t2")])
def test_sealed_value_opens_only_where_it_was_sealed(organization: str, task: str) -> None:
    sealer = Sealer((NEW,))
    with pytest.raises(SecretsUnreadable, match="RUNCAST_SECRETS_KEY"):
        sealer.open(sealer.seal(REQUEST, "acme", "t1"), organization, task)


def test_older_key_still_opens_and_is_recognised_after_rotation() -> None:
    before, after = Sealer((OLD,)), Sealer((NEW, OLD))
    assert after.open(before.seal(REQUEST, "acme", "t1"), "acme", "t1") == REQUEST
    assert before.fingerprint(REQUEST, "acme", "t1") in after.fingerprint(REQUEST, "acme", "t1").split()


def test_removed_key_does_not_open() -> None:
    with pytest.raises(SecretsUnreadable):
        Sealer((NEW,)).open(Sealer((OLD,)).seal(REQUEST, "acme", "t1"), "acme", "t1")


@pytest.mark.parametrize("token", ["v1.", "v1.AAAA", "v1.é", "nonsense"])
def test_malformed_token_is_unreadable(token: str) -> None:
    with pytest.raises(SecretsUnreadable):
        Sealer((NEW,)).open({"config": {"secrets": {"TOKEN": {"sealed": token}}}}, "acme", "t1")


def test_plain_request_of_the_first_version_opens_as_it_is() -> None:
    assert Sealer((NEW,)).open(REQUEST, "acme", "t1") == REQUEST


def test_fingerprint_tells_other_secrets_organizations_and_tasks_apart() -> None:
    sealer = Sealer((NEW,))
    other = {"config": {**REQUEST["config"], "secrets": {"TOKEN": "other"}}}
    told = [(REQUEST, "acme", "t1"), (other, "acme", "t1"), (REQUEST, "other", "t1"), (REQUEST, "acme", "t2")]
    assert len({sealer.fingerprint(*each) for each in told}) == len(told)


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(("short",))


def test_only_secret_values_need_a_key() -> None:
    assert has_secrets(REQUEST)
    assert has_secrets({"config": {"envVars": {"PASSWORD": {"sealed": "v1.", "secret": True}}}})
    assert not has_secrets({"config": {"envVars": {"MODE": "fast"}, "secrets": {}}})


@pytest.mark.parametrize("place", ["secrets", "envVars"])
def test_without_a_key_sealed_values_are_unreadable_and_plain_ones_open(place: str) -> None:
    sealed = Sealer((NEW,)).seal(REQUEST, "acme", "t1")["config"][place]
    with pytest.raises(SecretsUnreadable, match="RUNCAST_SECRETS_KEY is not set, or changed"):
        opened(None, {"config": {place: sealed}}, "acme", "t1")
    assert opened(None, REQUEST, "acme", "t1") == REQUEST
