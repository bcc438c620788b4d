"""What `runcast up` prints once it serves. `secrets_file` is where the token of callbacks stands, if it is there."""

import json
from collections.abc import Mapping

from runcast_services.demo_account import DemoAccount

_PROGRAM = "for i in 1 2 3; do echo line $i; sleep 1; done"


def banner(url: str, account: DemoAccount | None, executor: str, settings: Mapping[str, str], secrets_file: str) -> str:
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
    lines += [f"  Reports of workers need RUNCAST_CALLBACK_TOKEN: {secrets_file}", ""] if secrets_file else []
    return "\n".join([*lines, "  Ctrl-C stops it.", ""]) + "\n"
