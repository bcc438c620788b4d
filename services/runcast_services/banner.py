"""What `runcast up` prints once it serves. `secrets_file` is where the token of callbacks stands, if it is there."""

import base64
import json
from collections.abc import Mapping
from ipaddress import ip_address

from runcast_services.demo_account import DemoAccount

_PROGRAM = "for i in 1 2 3; do echo line $i; sleep 1; done"


def banner(url: str, account: DemoAccount | None, executor: str, settings: Mapping[str, str], secrets_file: str) -> str:
    store = "MongoDB" if settings.get("MONGODB_URL") else "SQLite"
    page = _page(url, account if ip_address(settings["RUNCAST_HOST"]).is_loopback else None)
    lines = ["", f"  Runcast is up at {page}", f"  store: {store}, executor: {executor}, API: {url}/docs", ""]
    if account is not None:
        image = "local" if executor == "process" else "alpine:3"
        body = json.dumps({"image": image, "command": _PROGRAM})
        lines += [
            f"  Demo account   {account.email}  password {account.password}",
            f"  Organization   {account.organization_id}",
            f"  Token          {account.token}",
            "",
            "  Try it:",
            "",
            f"  curl -s {url}/api/execution-request -H 'Authorization: Bearer {account.token}' -d '{body}'",
            "",
        ]
    lines += [f"  Reports of workers need RUNCAST_CALLBACK_TOKEN: {secrets_file}", ""] if secrets_file else []
    return "\n".join([*lines, "  Ctrl-C stops it.", ""]) + "\n"


def _page(url: str, account: DemoAccount | None) -> str:
    """Return the page's address, with what logs one in by a click: no server is sent what is behind a `#`."""
    return f"{url}/" if account is None else f"{url}/#demo={_login(account)}"


def _login(account: DemoAccount) -> str:
    body = json.dumps({"email": account.email, "password": account.password})
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
