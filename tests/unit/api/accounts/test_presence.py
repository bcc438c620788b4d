"""Who is connected, as the organization's members see it."""

from runcast_core.model.accounts import Role
from tests.parts.api import USER, serving, signed_up


async def test_presence_is_the_sum_over_gateways_with_names_where_they_are_known(tmp_path):
    """Any role sees it; a user that no record is of is shown by id."""
    async with serving(tmp_path) as api:
        org = (await signed_up(api))["organizationId"]
        added = (await api.http.post("/api/users", json=USER)).json()["id"]
        await api.bus.note_presence("g1", {org: {added: 2, "provider|7": 1}, "org_b": {"stranger": 9}})
        await api.bus.note_presence("g2", {org: {added: 1}})
        for role in Role:
            answer = await api.call("GET", "/api/presence", org=org, role=role)
            assert answer.json() == {
                "sockets": 4,
                "users": [
                    {"userId": added, "sockets": 3, "name": "B", "role": "developer"},
                    {"userId": "provider|7", "sockets": 1},
                ],
                "gateways": 2,
            }


async def test_presence_of_nobody_and_without_redis(tmp_path):
    """Nobody connected is an answer; a Redis that does not answer is a 503 that says when to try again."""
    async with serving(tmp_path) as api:
        assert (await api.call("GET", "/api/presence")).json() == {"sockets": 0, "users": [], "gateways": 0}
        api.bus.down = True
        answer = await api.call("GET", "/api/presence")
        assert (answer.status_code, answer.json()["code"]) == (503, "BUS_UNAVAILABLE")
