"""What a client accepts, by the weights in its headers of preferences (RFC 9110, 12.4.2)."""

import re
from collections.abc import Sequence

from starlette.datastructures import Headers

IDENTITY = "identity"
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_UNSAID = 0.0001
"""Of what is sent as it is, where nothing is said of that: less than all else that is accepted."""


def best_encoding(headers: Headers, offered: Sequence[str]) -> str:
    """Return the encoding that a client likes best, of several the one that is offered first; `identity` if it asks for
    none of them."""
    told = _weights(headers, "accept-encoding")
    weights = {name: told.get(name, told.get("*", 0)) for name in offered}
    weights[IDENTITY] = told.get(IDENTITY, told.get("*", _UNSAID))
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] else IDENTITY


def asks_for_html(headers: Headers) -> bool:
    """Tell whether a page is asked for by name, as browsers do; whoever takes just anything is a program."""
    told = _weights(headers, "accept")
    return bool(told.get("text/html", told.get("text/*", 0)))


def _weights(headers: Headers, name: str) -> dict[str, float]:
    """Return the weight of each value, in lower case and without its other parameters; 0 for one that is malformed."""
    parts = [part.strip().lower() for line in headers.getlist(name) for part in line.split(",")]
    return {part.partition(";")[0].strip(): _weight(part) for part in parts if part}


def _weight(part: str) -> float:
    texts = [each.strip()[2:] for each in part.split(";")[1:] if each.strip().startswith("q=")]
    if not texts:
        return 1
    return float(texts[0]) if _WEIGHT.fullmatch(texts[0]) else 0
