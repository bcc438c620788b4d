"""Who may report through the callbacks, and of which executions."""

import hmac
import re
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from starlette.requests import Request

from runcast_api.accounts.shown_credentials import shown_credential
from runcast_api.http.problems import Forbidden
from runcast_api.http.reauthentication import authenticated_by
from runcast_api.http.shown import bearer
from runcast_api.settings import ApiSettings
from runcast_core.access.job_tokens import JobTokens
from runcast_core.model.credentials import PREFIXES, CredentialKind
from runcast_core.model.executions import AttemptKey
from runcast_core.model.identifiers import check_organization_id
from runcast_core.store.store import Store

_BY_PROXIES = re.compile(
    r"forwarded|via|cdn-loop|x-real-ip|x-(forwarded|envoy|original|proxyuser|remote)\b.*|.*(client|connecting)-?ip.*"
)
"""Headers that proxies and content delivery networks add: who has one comes from further away than its address says.
`_` is what some servers make of `-`."""
_NOBODY = "callbacks need RUNCAST_CALLBACK_TOKEN, a worker key (rcw_…) or a job's own token as a bearer token"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody who may report: of one organization, or of any; of one attempt, or of every execution."""

    organization_id: str | None = None
    attempt: AttemptKey | None = None

    def organization_of(self, named: str | None, task_id: str) -> str | None:
        """Return whose execution a report is of that names this organization; None if nothing says. Raises
        `Forbidden` if it is not theirs to report."""
        if self.attempt is not None and task_id != self.attempt.task_id:
            raise _forbidden(f"this job reports on {self.attempt.task_id} only")
        if self.organization_id is None:
            return None if named is None else check_organization_id(named)
        if named not in {None, self.organization_id}:
            raise _forbidden("this credential is another organization's; leave organizationId out")
        return self.organization_id


async def reported_organization(request: Request, reporter: Reporter, named: str | None, task_id: str) -> str | None:
    """Return whose execution a report is of; None if nothing says. Raises `Forbidden` if it is not the reporter's, or
    the organization was deleted."""
    organization_id = reporter.organization_of(named, task_id)
    store: Store = request.app.state.store
    organization = await store.organization(organization_id) if organization_id is not None else None
    if organization is not None and organization.deleted:
        raise _forbidden("the organization was deleted; nothing more is reported for it")
    return organization_id


async def authenticate_reporter(request: Request) -> Reporter:
    """Return who reports. Raises `Forbidden` (`CALLBACK_FORBIDDEN`). Who shows a credential is judged by that alone;
    who shows none, by the address of the connection."""
    if "authorization" not in request.headers:
        if not _trusted(request):
            raise _forbidden(_NOBODY)
        return Reporter()
    authenticated_by(request, partial(_shown, request))
    return await _shown(request)


async def _shown(request: Request) -> Reporter:
    token = bearer(request)
    reporter = await _reporter(request, token) if token else None
    if reporter is None:
        raise _forbidden(_NOBODY)
    return reporter


async def _reporter(request: Request, token: str) -> Reporter | None:
    settings: ApiSettings = request.app.state.settings
    expected = settings.callback_token.get_secret_value() if settings.callback_token else ""
    if expected and hmac.compare_digest(token.encode(), expected.encode()):
        return Reporter()
    if token.startswith(PREFIXES[CredentialKind.WORKER_KEY]):
        return await _worker(request, token)
    tokens: JobTokens | None = request.app.state.job_tokens
    attempt = tokens.attempt(token) if tokens else None
    return await _job(request, attempt) if attempt else None


async def _worker(request: Request, key: str) -> Reporter | None:
    found = await shown_credential(request, key, CredentialKind.WORKER_KEY)
    return Reporter(found.organization_id) if found is not None else None


async def _job(request: Request, attempt: AttemptKey) -> Reporter | None:
    """Whoever has the token of an attempt that runs no more is told so; what is stored is fenced again."""
    store: Store = request.app.state.store
    execution = await store.summary(attempt.organization_id, attempt.task_id)
    if execution is None or not execution.runs(attempt):
        raise ended()
    return Reporter(attempt.organization_id, attempt)


def _trusted(request: Request) -> bool:
    """Tell whether it comes from a peer of a trusted network, and neither from a page nor through a proxy."""
    json = request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"
    if not json or "origin" in request.headers or any(map(_by_proxy, request.headers.keys())):
        return False
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    settings: ApiSettings = request.app.state.settings
    return any(address in network for network in settings.callback_networks)


def _by_proxy(header: str) -> bool:
    return _BY_PROXIES.fullmatch(header.replace("_", "-")) is not None


def ended() -> Forbidden:
    return _forbidden("this job token is of an attempt that does not run any more")


def _forbidden(message: str) -> Forbidden:
    return Forbidden(message, code="CALLBACK_FORBIDDEN")
