"""A user as the api knows it: signed up, or added by another one, and logged in."""

import httpx


class Account:
    """One user; `token` is the last one that was issued."""

    def __init__(self, http: httpx.AsyncClient, email: str) -> None:
        self._http = http
        self._email = email
        self.user_id = ""
        self.token = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def sign_up(self) -> None:
        body = {"email": self._email, "password": "a long password", "name": "A", "organizationName": "O"}
        self._take((await self._http.post("/api/auth/signup", json=body)).json())

    async def log_in(self) -> None:
        body = {"email": self._email, "password": "a long password"}
        self._take((await self._http.post("/api/auth/login", json=body)).json())

    async def with_member(self, member: "Account") -> None:
        body = {"email": member._email, "name": "M", "role": "developer", "password": "a long password"}
        (await self._http.post("/api/users", json=body, headers=self.headers)).raise_for_status()
        await member.log_in()

    def _take(self, answer: dict) -> None:
        self.token, self.user_id = answer["token"], answer["user"]["id"]
