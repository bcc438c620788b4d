"""Which verifier an installation has: its own secret's, or its identity provider's."""

from runcast_core.access.jwks import JwksTokens
from runcast_core.access.tokens import Expected, TokenVerifier, token_issuer
from runcast_core.serving.settings import TokenSettings


def token_verifier(settings: TokenSettings) -> TokenVerifier:
    if settings.jwks_url:
        expected = Expected(settings.longest_lifetime_s, settings.jwt_issuer, settings.jwt_audience)
        return JwksTokens(settings.jwks_url, expected)
    return token_issuer(settings)
