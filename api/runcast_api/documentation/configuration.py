"""What an installation is like, told to anybody: nothing of it is a secret."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.executions.listing import MAX_PAGE as MAX_EXECUTIONS
from runcast_api.executions.logs import MAX_PAGE as MAX_CHUNKS
from runcast_api.http.answer import Answer
from runcast_api.models.accounts import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from runcast_api.settings import ApiSettings
from runcast_core.model.wire.configuration import Accounts, Configuration, Limits
from runcast_core.store.account_store import MAX_USERS


async def show_configuration(request: Request) -> Response:
    settings: ApiSettings = request.app.state.settings
    return Answer(_configuration(settings))


def _configuration(settings: ApiSettings) -> Configuration:
    here = settings.jwks_url is None
    return Configuration(
        version=version("runcast"),
        signup=here and settings.public_signup,
        accounts=Accounts.HERE if here else Accounts.PROVIDER,
        limits=_limits(settings),
        gateway_url=next(iter(settings.gateway_origins), None),
    )


def _limits(settings: ApiSettings) -> Limits:
    return Limits(
        max_body_bytes=settings.max_body_bytes,
        max_executions_per_page=MAX_EXECUTIONS,
        max_log_chunks_per_page=MAX_CHUNKS,
        max_users=MAX_USERS,
        password_min_length=MIN_PASSWORD_LENGTH,
        password_max_length=MAX_PASSWORD_LENGTH,
        concurrency=settings.organization_limit,
        retention_days=settings.retention_days,
    )
