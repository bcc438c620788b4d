"""What a job reports on itself with: a token that is good for one attempt of one execution, and kept nowhere.

`rcj_`, the base64url of `[organizationId, taskId, attempt, createdAt]` in JSON, `.`, and the base64url of its
HMAC-SHA256. Who verifies one still has to look whether that attempt runs.
"""

import base64
import hmac
from collections.abc import Sequence

import msgspec

from runcast_core.access.derived_keys import derived_key
from runcast_core.model.executions import AttemptKey
from runcast_core.serving.settings import SecretsSettings

PREFIX = "rcj_"
MAX_LENGTH = 512
_PURPOSE = b"runcast job tokens v1"


class JobTokens:
    """Signs with the first of `secrets` (at least one) and verifies with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [derived_key(secret, _PURPOSE) for secret in secrets]

    def issue(self, attempt: AttemptKey) -> str:
        return self.every(attempt)[0]

    def every(self, attempt: AttemptKey) -> list[str]:
        """Return each token that is good for the attempt: the one of now first, then those of earlier secrets."""
        said = _text(msgspec.json.encode(attempt))
        return [f"{PREFIX}{said}.{_signature(key, said)}" for key in self._keys]

    def attempt(self, token: str) -> AttemptKey | None:
        """Return what the token is of; None if it is none of ours."""
        if len(token) > MAX_LENGTH or not token.startswith(PREFIX) or not token.isascii():
            return None
        said, _, signature = token.removeprefix(PREFIX).partition(".")
        if not any(hmac.compare_digest(_signature(key, said), signature) for key in self._keys):
            return None
        return msgspec.json.decode(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)), type=AttemptKey)


def job_tokens_of(settings: SecretsSettings) -> JobTokens | None:
    """Return what signs with the keys of `RUNCAST_SECRETS_KEY`; None without one."""
    secrets = [key.get_secret_value() for key in settings.secrets_keys]
    return JobTokens(secrets) if secrets else None


def _signature(key: bytes, said: str) -> str:
    return _text(hmac.digest(key, said.encode(), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
