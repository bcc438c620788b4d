"""Whether a call comes from a page of this installation: browsers say so, and no page can make them say it wrongly."""

from starlette.requests import Request

from runcast_api.http.problems import Forbidden

_HEADER = "X-Runcast"


def check_own_page(request: Request) -> None:
    """Let a call pass that reads a cookie. Raises `Forbidden` unless a browser says that it is of this origin, and it
    has the header that only a script can send, and across origins only if it is allowed to."""
    if _of_this_origin(request) is not True or request.headers.getlist(_HEADER) != ["1"]:
        raise Forbidden(
            f"only a page of this installation may call this: with {_HEADER}: 1, and with Sec-Fetch-Site: same-origin "
            "or its own Origin, which browsers send; everybody else uses a bearer token"
        )


def check_no_other_page(request: Request) -> None:
    """Let a call pass that may set a cookie. Raises `Forbidden` if a browser says that a page of another origin makes
    it: that could log somebody in under a name that is not theirs."""
    if _of_this_origin(request) is False:
        raise Forbidden("only a page of this installation may ask for a session; leave `session` out for a token alone")


def _of_this_origin(request: Request) -> bool | None:
    """Tell what the browser says; None where it says nothing, or it is none. An origin is compared as the text that it
    is, in either scheme, as TLS may end at a proxy."""
    if sites := request.headers.getlist("sec-fetch-site"):
        return sites == ["same-origin"]
    if origins := request.headers.getlist("origin"):
        hosts = request.headers.getlist("host")
        own = {f"{scheme}://{host}".lower() for scheme in ("http", "https") for host in hosts if host}
        return len(origins) == len(hosts) == 1 and origins[0].lower() in own
    return None
