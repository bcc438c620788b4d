"""What the caller's organization is set to, shown and changed over HTTP."""

from typing import Any

import pytest

from runcast_api.documentation.openapi import openapi
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.accounts import Role
from tests.parts.api import Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider

LIMITS = {"concurrencyLimit": 5, "retentionDays": 0, "timeoutLimitSeconds": 60}
PATH = "/api/organization"


async def _patched(api: Installation, **body: Any) -> dict[str, Any]:
    answer = await api.http.patch(PATH, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == (await api.http.get(PATH)).json()
    return dict(answer.json()["organization"])


async def test_what_was_changed_is_shown(tmp_path):
    """A limit that is the installation's is left out, what is not sent stays, and null sets back."""
    async with serving(tmp_path) as api:
        organization_id = (await signed_up(api))["organizationId"]
        before = (await api.http.get(PATH)).json()["organization"]
        assert before == {"organizationId": organization_id, "name": "O", "createdAt": before["createdAt"]}
        assert await _patched(api, **LIMITS) == before | LIMITS
        assert await _patched(api, name="  Other ") == before | LIMITS | {"name": "Other"}
        stored = await api.store.organization(organization_id)
        assert stored is not None
        assert (stored.concurrency_limit, stored.retention_days, stored.timeout_limit_s) == (5, 0, 60)
        assert await _patched(api, name="O", retentionDays=None, timeoutLimitSeconds=9) == before | {
            "concurrencyLimit": 5,
            "timeoutLimitSeconds": 9,
        }
        assert await _patched(api, **dict.fromkeys(LIMITS)) == before


@pytest.mark.parametrize("role", list(Role))
async def test_members_look_and_admins_change(tmp_path, role):
    """Who is no admin is refused, and nothing is changed."""
    async with serving(tmp_path) as api:
        await api.store.change_organization("org_a", name="O", timeout_limit_s=60)
        before = await api.store.organization("org_a")
        shown = await api.call("GET", PATH, role=role)
        changed = await api.call("PATCH", PATH, role=role, json=LIMITS)
        assert (shown.status_code, shown.json()["organization"]["timeoutLimitSeconds"]) == (200, 60)
        if role is Role.ADMIN:
            assert (changed.status_code, LIMITS.items() <= changed.json()["organization"].items()) == (200, True)
        else:
            assert (changed.status_code, changed.json()["code"]) == (403, "FORBIDDEN")
            assert await api.store.organization("org_a") == before


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("concurrencyLimit", [0, -1, 10_001, "5", 5.0, True, [5], {}]),
        ("retentionDays", [-1, 36_501, "5", 0.5, False]),
        ("timeoutLimitSeconds", [0, -1, 604_801, "s3cret", 1.5, True]),
        ("name", ["", "  ", "x" * 201, 7, None, ["s3cret"]]),
        ("deleted", [True]),
        ("createdAt", ["s3cret"]),
        ("concurrency_limit", [5]),
    ],
)
async def test_what_cannot_be_is_refused_by_name(tmp_path, name, values):
    """A 400 that says which field, without what was sent; nothing is changed, also of what else was sent."""
    async with serving(tmp_path, RUNCAST_ORGANIZATION_LIMIT="20000") as api:
        for value in values:
            answer = await api.call("PATCH", PATH, role=Role.ADMIN, json={"retentionDays": 1, name: value})
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST"), value
            assert answer.json()["details"][0]["field"] == name
            assert "s3cret" not in answer.text
        assert await api.store.organization("org_a") is None
        assert api.bus.sent_signals == []


@pytest.mark.parametrize(
    ("name", "values"),
    [("concurrencyLimit", [1, 10_000]), ("retentionDays", [0, 36_500]), ("timeoutLimitSeconds", [1, 604_800])],
)
async def test_limits_reach_up_to_their_bounds(tmp_path, name, values):
    """The least and the greatest are both taken."""
    async with serving(tmp_path, RUNCAST_ORGANIZATION_LIMIT="20000") as api:
        for value in values:
            answer = await api.call("PATCH", PATH, role=Role.ADMIN, json={name: value})
            assert answer.json()["organization"][name] == value


def test_no_field_is_documented_as_null_by_default():
    """A client that is made of the documentation would set back what it does not name."""
    fields = openapi()["components"]["schemas"]["OrganizationPatch"]["properties"]
    assert set(fields) == {"name", *LIMITS}
    assert not [name for name, schema in fields.items() if "default" in schema]


async def test_a_body_without_anything_says_what_there_is(tmp_path):
    """It changes nothing, and makes no record."""
    async with serving(tmp_path) as api:
        answer = await api.call("PATCH", PATH, role=Role.ADMIN, json={})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
        for name in ("name", *LIMITS):
            assert name in answer.json()["error"]
        assert await api.store.organization("org_a") is None


async def test_runners_are_woken_where_more_may_run_now(tmp_path):
    """By a changed limit of concurrency only; it is stored while Redis is down."""
    async with serving(tmp_path) as api:
        org = (await signed_up(api))["organizationId"]
        await _patched(api, name="Other", retentionDays=5, timeoutLimitSeconds=5)
        assert api.bus.sent_signals == []
        await _patched(api, concurrencyLimit=5)
        assert api.bus.sent_signals == [Signal(SignalKind.WAKE, org)]
        api.bus.down = True
        assert (await _patched(api, concurrencyLimit=6))["concurrencyLimit"] == 6


async def test_an_identity_providers_organization_is_set_here(tmp_path):
    """The provider keeps who is in it; the store, of which it is unknown until then, how much it may run."""
    with IdentityProvider() as provider:
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            api.http.headers["Authorization"] = f"Bearer {provider.token(role='admin')}"
            assert (await api.http.get(PATH)).json() == {"organization": {"organizationId": "o"}}
            changed = await _patched(api, **LIMITS)
            assert changed == {"organizationId": "o", "createdAt": changed["createdAt"]} | LIMITS
            me = (await api.http.get("/api/auth/me")).json()
    assert me["organization"] == {"id": "o", "createdAt": changed["createdAt"]}


@pytest.mark.parametrize(
    ("environment", "allowed", "refused"),
    [
        ({}, {"concurrencyLimit": 10}, {"concurrencyLimit": 11}),
        ({"RUNCAST_ORGANIZATION_LIMIT": "50"}, {"concurrencyLimit": 50}, {"concurrencyLimit": 51}),
        ({"RUNCAST_RETENTION_DAYS": "30"}, {"retentionDays": 30}, {"retentionDays": 31}),
        ({"RUNCAST_RETENTION_DAYS": "30"}, {"retentionDays": 1}, {"retentionDays": 0}),
    ],
)
async def test_an_organization_gives_itself_no_more_than_the_installation_does(tmp_path, environment, allowed, refused):
    """A tenant's admin is not the operator: what exceeds the installation's own is refused, and nothing is changed."""
    async with serving(tmp_path, **environment) as api:
        await signed_up(api)
        changed = await _patched(api, **allowed)
        answer = await api.http.patch(PATH, json={**refused, "name": "Other"})
        assert (answer.status_code, answer.json()["code"]) == (400, "ABOVE_INSTALLATION")
        assert (await api.http.get(PATH)).json()["organization"] == changed


async def test_what_the_operator_gave_stays(tmp_path):
    """A limit in the store above the installation's is shown, and other changes leave it alone."""
    async with serving(tmp_path) as api:
        organization_id = (await signed_up(api))["organizationId"]
        await api.store.change_organization(organization_id, concurrency_limit=500)
        assert (await _patched(api, name="Other"))["concurrencyLimit"] == 500
