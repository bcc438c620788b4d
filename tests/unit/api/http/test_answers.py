"""What is answered is nobody's to keep."""

from tests.parts.api import ACCOUNT, LOGIN, USER, serving, signed_up

KEY = {"name": "CI", "kind": "api-key", "role": "viewer"}


async def test_no_browser_and_no_proxy_keeps_a_secret_that_is_shown_once(tmp_path):
    """Tokens, keys and links; and no other answer in JSON, errors among them."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        member = (await api.http.post("/api/users", json=USER)).json()
        own = {"oldPassword": ACCOUNT["password"], "newPassword": "a loud password"}
        calls = (
            ("POST", "/api/keys", KEY, 201),
            ("POST", "/api/invitations", {"role": "viewer"}, 201),
            ("POST", f"/api/users/{member['id']}/password-reset", None, 201),
            ("POST", "/api/auth/login", LOGIN, 200),
            ("GET", "/api/keys", None, 200),
            ("GET", "/api/users", None, 200),
            ("GET", "/api/executions/none", None, 404),
            ("PUT", "/api/auth/password", own, 200),
        )
        for method, path, body, status in calls:
            answer = await api.http.request(method, path, json=body)
            assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store"), path
