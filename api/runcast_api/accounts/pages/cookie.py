"""The cookie of a page's session: the only one that Runcast sets, and one that two calls read."""

import re

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.pages.chain import Chain
from runcast_api.settings import ApiSettings
from runcast_core.model.errors import InvalidInput, InvalidToken

LIFETIME_S = 30 * 86_400
"""How long a cookie, and the session with it, lasts after it was used last."""
PATH = "/api/auth"
_NAME = "runcast_session"
_VALUE = re.compile(r"([0-9a-f]{24})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})")


def cookie_name(settings: ApiSettings) -> str:
    """Return its name. Browsers keep one that begins with `__Secure-` from plain HTTP (RFC 6265bis)."""
    return _NAME if settings.on_loopback else f"__Secure-{_NAME}"


def read_cookie(request: Request) -> tuple[str, str]:
    """Return the session's id and the secret, of a cookie that was given out here, if long ago. Raises `InvalidToken`
    (`SESSION_ENDED`) for any other and without one, or `InvalidInput` (`INVALID_COOKIE`) for what does not even look
    like one, and for several."""
    name = cookie_name(request.app.state.settings)
    pairs = [pair.strip().partition("=") for line in request.headers.getlist("cookie") for pair in line.split(";")]
    values = [value for key, _, value in pairs if key == name]
    if not values:
        raise session_ended()
    match = _VALUE.fullmatch(values[0])
    if len(values) > 1 or match is None:
        found = "several" if len(values) > 1 else "not one that was given out here"
        raise InvalidInput(f"the cookie {name} is {found}: clear the cookies of this site", code="INVALID_COOKIE")
    chain: Chain = request.app.state.chain
    if not chain.gave_out(*match.groups()):
        raise session_ended()
    return match[1], match[2]


def give_cookie(response: Response, settings: ApiSettings, value: str) -> None:
    _set(response, settings, value, LIFETIME_S)


def forget_cookie(response: Response, settings: ApiSettings) -> None:
    _set(response, settings, "", 0)


def session_ended() -> InvalidToken:
    return InvalidToken("this session has ended; log in again", code="SESSION_ENDED")


def _set(response: Response, settings: ApiSettings, value: str, max_age: int) -> None:
    response.set_cookie(
        cookie_name(settings),
        value,
        max_age=max_age,
        path=PATH,
        secure=not settings.on_loopback,
        httponly=True,
        samesite="strict",
    )
