"""The types of the page's calls are those of the api's document."""

import json
import subprocess
from pathlib import Path

from runcast_api.documentation.openapi import openapi
from tests.conftest import missing

DASHBOARD = Path(__file__).parents[2] / "dashboard"


def test_the_types_are_what_the_document_gives():
    """`make types` writes them."""
    program = DASHBOARD / "node_modules/.bin/openapi-typescript"
    if not program.exists():
        missing("the dashboard's packages are missing: npm ci, in dashboard/")
    made = subprocess.run(
        [program], input=json.dumps(openapi()), capture_output=True, text=True, check=True, timeout=60
    )
    assert made.stdout == (DASHBOARD / "src/api/schema.d.ts").read_text()
