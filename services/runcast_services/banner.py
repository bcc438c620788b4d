"""What `runcast up` prints once it serves."""

import json
from collections.abc import Mapping

from runcast_services.demo_account import DemoAccount

_PROGRAM = "for i in 1 2 3; do echo line $i; sleep 1; done"


def banner(address: tuple[str, int], account: DemoAccount | None, executor: str, settings: Mapping[str, str]) -> str:
    host = "127.0.0.1" if address[0] in {"0.0.0.0", "::"} else address[0]  # noqa: S104 - shown, not bound
    url = f"http://{host}:{address[1]}"
    store = "MongoDB" if settings.get("MONGODB_URL") else "SQLite"
    lines = ["", f"  Runcast is up at {url}   (store: {store}, executor: {executor}, API: {url}/docs)", ""]
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
    return "\n".join([*lines, "  Ctrl-C stops it.", ""]) + "\n"
