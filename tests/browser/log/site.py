"""The log view's own page, built once and served as the product's page is: with its Content-Security-Policy."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from runcast_api.page.policy import page_headers

DASHBOARD = Path(__file__).parents[3] / "dashboard"


def missing_part() -> str | None:
    """Return what is missing for building the page, if anything is."""
    if not (DASHBOARD / "node_modules").is_dir():
        return "the dashboard's packages are missing: run `npm ci` in dashboard/"
    return None if shutil.which("npx") else "npx is missing"


def build(folder: Path) -> None:
    """Build the pages of dashboard/harness into a folder."""
    vite = [
        "npx",
        "vite",
        "build",
        "--config",
        "harness/vite.config.ts",
        "--logLevel",
        "error",
        "--outDir",
        str(folder),
    ]
    subprocess.run(vite, cwd=DASHBOARD, check=True, timeout=110)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder; the value is its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Files(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        for name, value in page_headers(()).items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""
