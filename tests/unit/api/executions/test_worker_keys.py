"""Worker keys: reports of one organization, and nothing else."""

import orjson
import pytest

from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PREFIXES, Credential, CredentialKind, id_of, new_secret, secret_hash
from tests.parts.api import serving, with_key
from tests.parts.conditions import until

PATHS = ("/executions/update", "/executions/log")
WORKER = CredentialKind.WORKER_KEY
BODY = {"taskId": "t1", "organizationId": "org_a", "status": "RUNNING", "log": "hello"}


def shown(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def without_organization() -> dict[str, str]:
    return {name: value for name, value in BODY.items() if name != "organizationId"}


@pytest.mark.parametrize("body", [BODY, without_organization(), BODY | {"organizationId": None}])
async def test_a_worker_key_reports_for_its_organization(tmp_path, body):
    """Whether the report names it or not, and never to anybody else, whatever the switches say."""
    async with serving(tmp_path, RUNCAST_GLOBAL_FALLBACK="true") as api:
        _, secret = await with_key(api.store, WORKER)
        for path in PATHS:
            assert (await api.http.post(path, json=body, headers=shown(secret))).status_code == 200
        assert await api.store.execution("org_a", "t1") is not None
        assert {organization_id for organization_id, _ in api.bus.published} == {"org_a"}
        assert orjson.loads(api.bus.published[0][1].payload)["organizationId"] == "org_a"
        assert api.bus.broadcasts == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("named", ["org_b", "", "ORG_A", "a/b"])
async def test_a_worker_key_reports_for_no_other_organization(tmp_path, path, named):
    """The answer says so; nothing is stored or relayed."""
    async with serving(tmp_path) as api:
        await api.requested(org="org_b")
        api.bus.published.clear()
        before = await api.store.execution("org_b", "t1")
        _, secret = await with_key(api.store, WORKER)
        answer = await api.http.post(path, json=BODY | {"organizationId": named}, headers=shown(secret))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert "another organization" in answer.json()["error"]
        assert await api.store.execution("org_b", "t1") == before
        assert await api.store.executions("org_a") == []
        assert api.bus.published == []


@pytest.mark.parametrize("path", PATHS)
async def test_a_worker_key_that_is_no_good_is_refused(tmp_path, path):
    """Unknown, expired, revoked, of another kind, too long, or of an organization that was deleted; from a trusted
    network, too."""
    trusted = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8"}
    async with serving(tmp_path, peer="127.0.0.1", **trusted) as api:
        _, expired = await with_key(api.store, WORKER, expires_at=now_ms() - 1)
        gone, revoked = await with_key(api.store, WORKER)
        await api.store.remove_credential("org_a", gone.credential_id, [WORKER])
        _, deleted = await with_key(api.store, WORKER, org="org_d")
        await api.store.delete_organization("org_d")
        others = [(await with_key(api.store, kind))[1] for kind in CredentialKind if kind is not WORKER]
        spoilt = [secret.replace(secret[:4], PREFIXES[WORKER]) for secret in others]
        made = [new_secret(WORKER), PREFIXES[WORKER], PREFIXES[WORKER] + "x" * 5000, PREFIXES[WORKER] + "\u00fc"]
        for secret in [expired, revoked, deleted, *others, *spoilt, *made]:
            body = BODY | {"organizationId": "org_d" if secret == deleted else "org_a"}
            headers = {"Authorization": f"Bearer {secret}".encode()}
            answer = await api.http.post(path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN"), secret[:6]
        assert await api.store.executions("org_a") == await api.store.executions("org_d") == []


async def test_a_secret_is_good_for_what_it_was_made_for_whatever_it_looks_like(tmp_path):
    """Its kind decides, as it is stored, not how it begins."""
    async with serving(tmp_path) as api:
        as_worker, as_key = new_secret(WORKER), new_secret(CredentialKind.API_KEY)
        for secret, kind in ((as_worker, CredentialKind.API_KEY), (as_key, WORKER)):
            hashed = secret_hash(secret)
            await api.store.add_credential(Credential(id_of(hashed), "org_a", kind, hashed, "u", 1, role=Role.ADMIN))
        assert (await api.http.post(PATHS[0], json=BODY, headers=shown(as_worker))).status_code == 403
        assert (await api.http.get("/api/executions", headers=shown(as_key))).status_code == 401


async def test_a_worker_key_is_good_for_no_call(tmp_path):
    """It is neither a token nor an API key."""
    async with serving(tmp_path) as api:
        _, secret = await with_key(api.store, WORKER, role=Role.ADMIN)
        answer = await api.http.get("/api/executions", headers=shown(secret))
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


async def test_the_last_use_is_noted_once_a_minute(tmp_path, monkeypatch):
    """However often it reports, and beside the reports."""
    async with serving(tmp_path) as api:
        credential, secret = await with_key(api.store, WORKER)
        notes: list[int] = []
        note = api.store.note_credential_used

        async def noting(secret_hash: str, at: int) -> None:
            notes.append(at)
            await note(secret_hash, at)

        monkeypatch.setattr(api.store, "note_credential_used", noting)

        async def used_at() -> int | None:
            [known] = await api.store.credentials("org_a", [WORKER])
            return known.last_used_at

        for _ in range(3):
            assert (await api.http.post(PATHS[1], json=BODY, headers=shown(secret))).status_code == 200
        assert await until(used_at) == notes[0] >= credential.created_at
        assert len(notes) == 1
