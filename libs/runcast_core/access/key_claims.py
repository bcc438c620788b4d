"""Who an API key speaks for, as a token would say it."""

import sys

from runcast_core.access.tokens import Claims
from runcast_core.model.credentials import ApiKey
from runcast_core.model.identifiers import key_subject

NEVER = 253_402_300_799
"""The end of what has none: the last second that a date can hold."""


def key_claims(key: ApiKey) -> Claims:
    """Return its claims. As of when it was made, so that what was revoked before does not concern it."""
    expires_at = NEVER if key.expires_at is None else key.expires_at // 1000
    organization_id = sys.intern(key.organization_id)  # compared at every delivery
    who = key_subject(key.credential_id)
    return Claims(who, organization_id, key.role, expires_at, key.created_at / 1000, scope=key.scope)
