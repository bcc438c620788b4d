"""Secret values of a request, sealed for the store and opened for a run.

A sealed value is `{"sealed": "<token>"}` in `config.secrets`, and `{"sealed": "<token>", "secret": true}` in
`config.envVars` and `config.environment`. A token is `v1.` and the base64url of 12 bytes of nonce, the ciphertext and
16 bytes of tag: AES-256-GCM (NIST SP 800-38D). It is not Fernet, because that cannot authenticate associated data:
here the organization, the task and the value's place.
"""

import base64
import hmac
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runcast_core.access.derived_keys import derived_key
from runcast_core.model.errors import SecretsUnreadable
from runcast_core.model.executions import canonical
from runcast_core.serving.settings import SecretsSettings

MIN_KEY_CHARACTERS = 32
_NONCE_BYTES = 12
_PREFIX = "v1."
_ENVIRONMENTS = ("envVars", "environment")

_Change = Callable[[str, str, Any], Any]


class Sealer:
    """Seals with the first of `keys` (texts of 32 characters or more) and opens with any of them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        if not keys or any(len(key) < MIN_KEY_CHARACTERS for key in keys):
            raise ValueError(f"each secrets key needs {MIN_KEY_CHARACTERS} characters or more")
        self._ciphers = [AESGCM(derived_key(key, b"runcast sealing v1")) for key in keys]
        self._macs = [derived_key(key, b"runcast fingerprint v1") for key in keys]

    def seal(self, request: Mapping[str, Any], organization_id: str, task_id: str) -> dict[str, Any]:
        """A copy of `request` whose secret values open only for this organization and task."""

        def sealed(place: str, name: str, value: Any) -> Any:
            bound = _bound(organization_id, task_id, place, name)
            if place == "secrets":
                return {"sealed": self._token(value, bound)}
            return {"sealed": self._token(value["value"], bound), "secret": True} if is_secret(value) else value

        return _changed(request, sealed)

    def open(self, request: Mapping[str, Any], organization_id: str, task_id: str) -> dict[str, Any]:
        """The plain request; values that were stored plain stay as they are. Raises SecretsUnreadable."""

        def opened(place: str, name: str, value: Any) -> Any:
            if not _is_sealed(place, value):
                return value
            plain = self._plain(value["sealed"], _bound(organization_id, task_id, place, name))
            return plain if place == "secrets" else {"value": plain, "secret": True}

        return _changed(request, opened)

    def fingerprint(self, request: Mapping[str, Any], organization_id: str, task_id: str) -> str:
        """HMAC-SHA256 in hex over the plain request, one for each key, so that a rotation leaves one in common. Equal
        requests of other organizations and tasks have others."""
        text = _bound(organization_id, task_id, canonical(request))
        return " ".join(hmac.new(key, text, "sha256").hexdigest() for key in self._macs)

    def _token(self, value: Any, bound: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, json.dumps(value).encode(), bound)
        return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()

    def _plain(self, token: str, bound: bytes) -> Any:
        try:
            data = base64.urlsafe_b64decode(token.removeprefix(_PREFIX))
        except ValueError:
            raise SecretsUnreadable from None
        for cipher in self._ciphers:
            try:
                return json.loads(cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound))
            except (InvalidTag, ValueError):
                continue
        raise SecretsUnreadable


def sealer_of(settings: SecretsSettings) -> Sealer | None:
    """Return the sealer with the keys of `RUNCAST_SECRETS_KEY`; None without one."""
    keys = tuple(key.get_secret_value() for key in settings.secrets_keys)
    return Sealer(keys) if keys else None


def has_secrets(request: Mapping[str, Any]) -> bool:
    """Whether the `request` has a value that must be sealed, or is."""
    config = request.get("config") or {}
    environments = [config.get(place) for place in _ENVIRONMENTS]
    values = [value for env in environments if isinstance(env, Mapping) for value in env.values()]
    return bool(config.get("secrets")) or any(is_secret(value) or _is_sealed("envVars", value) for value in values)


def opened(sealer: Sealer | None, request: Mapping[str, Any], organization_id: str, task_id: str) -> dict[str, Any]:
    """Return the plain request, also of what was stored plain. Raises SecretsUnreadable if a sealed value does not
    open, or without a sealer."""
    if sealer is not None:
        return sealer.open(request, organization_id, task_id)

    def plain(place: str, _name: str, value: Any) -> Any:
        if _is_sealed(place, value):
            raise SecretsUnreadable
        return value

    return _changed(request, plain)


def _changed(request: Mapping[str, Any], change: _Change) -> dict[str, Any]:
    config = request.get("config")
    if not isinstance(config, Mapping):
        return dict(request)
    changed = dict(config)
    for place in ("secrets", *_ENVIRONMENTS):
        if isinstance(values := config.get(place), Mapping):
            changed[place] = {name: change(place, name, value) for name, value in values.items()}
    return {**request, "config": changed}


def is_secret(value: Any) -> bool:
    """Tell whether a variable's value is flagged as a secret: `{"value": …, "secret": true}`."""
    return isinstance(value, Mapping) and value.keys() == {"value", "secret"} and value["secret"] is True


def _is_sealed(place: str, value: Any) -> bool:
    names = {"sealed"} if place == "secrets" else {"sealed", "secret"}
    return isinstance(value, Mapping) and value.keys() == names and isinstance(value["sealed"], str)


def _bound(*parts: str) -> bytes:
    return json.dumps(parts).encode()
