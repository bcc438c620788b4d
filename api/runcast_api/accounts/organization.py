"""The caller's organization: what it is set to, seen by its members, changed by its admins."""

from typing import NoReturn

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, authenticate_admin
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.accounts import OrganizationPatch
from runcast_api.settings import ApiSettings
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.hints import hint
from runcast_core.model.accounts import OrganizationChanges
from runcast_core.model.errors import InvalidInput
from runcast_core.model.wire.accounts import OrganizationSettings, OrganizationSettingsAnswer
from runcast_core.store.store import Store


async def show_organization(request: Request) -> Response:
    claims = await authenticate(request)
    store: Store = request.app.state.store
    known = await store.organization(claims.organization_id)
    shown = OrganizationSettings.of(known) if known else OrganizationSettings(organization_id=claims.organization_id)
    return Answer(OrganizationSettingsAnswer(organization=shown))


async def change_organization(request: Request) -> Response:
    """Change what is sent, and wake the runners where more may run now."""
    claims = await authenticate_admin(request)
    changes = (await read(OrganizationPatch, request)).changes()
    _check(changes, request.app.state.settings)
    store: Store = request.app.state.store
    changed = await store.change_organization(claims.organization_id, **changes)
    if "concurrency_limit" in changes:
        await hint(request.app.state.bus, Signal(SignalKind.WAKE, claims.organization_id))
    return Answer(OrganizationSettingsAnswer(organization=OrganizationSettings.of(changed)))


def _check(changes: OrganizationChanges, settings: ApiSettings) -> None:
    """An organization may give itself less than the installation gives it, never more: that is its operator's to do, in
    the store. Raises `InvalidInput` (`ABOVE_INSTALLATION`)."""
    slots, days = changes.get("concurrency_limit"), changes.get("retention_days")
    if slots is not None and slots > settings.organization_limit:
        _refuse("concurrencyLimit", f"at most {settings.organization_limit}")
    if days is not None and settings.retention_days and not 0 < days <= settings.retention_days:
        _refuse("retentionDays", f"1 to {settings.retention_days}")


def _refuse(name: str, allowed: str) -> NoReturn:
    raise InvalidInput(
        f"{name}: this installation allows {allowed}; ask its operator for more", code="ABOVE_INSTALLATION"
    )
