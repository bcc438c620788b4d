"""Origins and hosts of every kind: whatever they say, a call is refused in order, or is of this origin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from runcast_api.accounts.pages.same_origin import check_no_other_page, check_own_page
from runcast_api.http.problems import Forbidden
from tests.parts.api import ACCOUNT, serving

ODD = (
    "",
    "null",
    "[",
    "[::1",
    "]",
    "http://[",
    "http://[::1",
    "http://]",
    "http://",
    "ftp://api",
    "//api",
    "http://a@api",
)
TEXTS = st.one_of(st.sampled_from(ODD), st.text(alphabet="[]:/@?#%.\\ ahptx0\xfc", max_size=12))
ORIGINS = st.lists(st.one_of(TEXTS, TEXTS.map("http://{}".format)), max_size=2)
HOSTS = st.lists(st.one_of(TEXTS, st.just("api")), max_size=2)


def request_with(origins: list[str], hosts: list[str]) -> Request:
    pairs = [("x-runcast", "1"), *(("origin", text) for text in origins), *(("host", text) for text in hosts)]
    headers = [(name.encode(), text.encode("latin-1")) for name, text in pairs]
    return Request({"type": "http", "headers": headers})


def passes(check, request: Request) -> bool:
    try:
        check(request)
    except Forbidden:
        return False
    return True


@given(ORIGINS, HOSTS)
def test_only_one_origin_of_the_one_host_is_own(origins, hosts):
    """And nothing is an error of ours."""
    request = request_with(origins, hosts)
    own = len(origins) == 1 and len(hosts) == 1 and hosts[0] != ""
    own = own and origins[0].lower() in (f"http://{hosts[0]}".lower(), f"https://{hosts[0]}".lower())
    assert passes(check_own_page, request) is own
    assert passes(check_no_other_page, request) is (own or not origins)


@pytest.mark.parametrize("origin", ODD)
@pytest.mark.parametrize("host", ["api", "", "[", "[::1"])
async def test_an_odd_origin_is_refused_wherever_a_cookie_is_read_or_set(tmp_path, origin, host):
    """By a 403, or what else is wrong with the call; it is no failure here."""
    async with serving(tmp_path) as api:
        headers = {"Origin": origin, "Host": host, "X-Runcast": "1"}
        sent = ACCOUNT | {"session": True}
        entry = {"email": ACCOUNT["email"], "password": ACCOUNT["password"], "session": True}
        accepted = entry | {"name": "A", "token": "rci_x"}
        for method, path, body in (
            ("POST", "/api/auth/refresh", {}),
            ("DELETE", "/api/auth/session", {}),
            ("POST", "/api/auth/login", entry),
            ("POST", "/api/auth/signup", sent),
            ("POST", "/api/invitations/accept", accepted),
        ):
            answer = await api.http.request(method, path, json=body, headers=headers)
            own = host != "" and origin == f"http://{host}"
            assert answer.status_code in ({200, 201, 204, 400, 401, 404} if own else {403}), (path, answer.text)
