"""`python -m runcast_api.documentation`: `/openapi.json` without a server, for the types of the dashboard's calls."""

import json
import sys

from runcast_api.documentation.openapi import openapi

json.dump(openapi(), sys.stdout, indent=2)
sys.stdout.write("\n")
