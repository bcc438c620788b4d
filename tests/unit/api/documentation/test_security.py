"""What the documentation says of who may call."""

import pytest

from runcast_api.documentation.openapi import openapi


@pytest.mark.parametrize(
    ("method", "path", "security"),
    [
        ("post", "/api/auth/refresh", [{"pageSession": [], "ownPage": []}]),
        ("delete", "/api/auth/session", [{"pageSession": [], "ownPage": []}]),
        ("get", "/api/config", []),
        ("post", "/api/invitations/accept", []),
        ("post", "/api/auth/password-reset", []),
        ("put", "/api/auth/password", [{"bearer": []}]),
        ("get", "/api/auth/sessions/{sessionId}", [{"bearer": []}]),
        ("post", "/api/invitations", [{"bearer": []}]),
        ("patch", "/api/users/{userId}", [{"bearer": []}]),
    ],
)
def test_a_call_says_what_it_takes(method, path, security):
    """The cookie and the header of a page, a token that no key stands for, or nothing; each scheme is described."""
    document = openapi()
    assert document["paths"][path][method]["security"] == security
    schemes = document["components"]["securitySchemes"]
    assert {scheme for each in security for scheme in each} <= set(schemes)
    assert (schemes["pageSession"]["in"], schemes["ownPage"]["name"]) == ("cookie", "X-Runcast")
