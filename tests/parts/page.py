"""A page of the installation in a browser: a session's cookie, and the headers that a browser adds."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

NAME = "__Secure-runcast_session"
ON_LOOPBACK = "runcast_session"
HEADERS = {"Sec-Fetch-Site": "same-origin", "X-Runcast": "1"}


class Page:
    """One tab. `cookie` is what its browser would send next, under the name that the api gives it where it is bound."""

    def __init__(self, http: Any, cookie: str | None = None, *, name: str = NAME) -> None:
        self._http = http
        self._name = name
        self.cookie = cookie
        self.token = ""
        self.set_cookie: Morsel[str] | None = None

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def session_id(self) -> str:
        return (self.cookie or "").partition(".")[0]

    def again(self) -> "Page":
        """Return another tab of the same browser, or whoever has a copy of the cookie."""
        return Page(self._http, self.cookie, name=self._name)

    async def log_in(self, **body: Any) -> Any:
        return self._took(await self._http.post("/api/auth/login", json={"session": True, **body}, headers=HEADERS))

    async def refresh(self, headers: dict[str, str] = HEADERS) -> Any:
        return self._took(await self._http.post("/api/auth/refresh", headers=self._sent(headers)))

    async def log_out(self, headers: dict[str, str] = HEADERS) -> Any:
        return self._took(await self._http.delete("/api/auth/session", headers=self._sent(headers)))

    async def me(self) -> int:
        return int((await self._http.get("/api/auth/me", headers=self.bearer)).status_code)

    def _sent(self, headers: dict[str, str]) -> dict[str, str]:
        sent = {"Authorization": "", **headers}
        return sent if self.cookie is None else {**sent, "Cookie": f"other=1; {self._name}={self.cookie}"}

    def _took(self, answer: Any) -> Any:
        """Keep what a browser keeps of an answer, and the token, which the page does."""
        set_cookies = [SimpleCookie(line) for line in answer.headers.get_list("set-cookie")]
        for cookies in set_cookies:
            [(name, morsel)] = cookies.items()
            assert name == self._name
            self.set_cookie = morsel
            self.cookie = morsel.value if morsel["max-age"] != "0" else None
        if answer.content and "token" in answer.json():
            self.token = answer.json()["token"]
        return answer
