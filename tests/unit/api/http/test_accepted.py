"""What is made of a client's preferences."""

import pytest
from starlette.datastructures import Headers

from runcast_api.http.accepted import asks_for_html, best_encoding


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        (None, "identity"),
        ("", "identity"),
        (",", "identity"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0, br;q=0, *;q=0", "identity"),
        ("*;q=0", "identity"),
        ("gzip ; q=0.001", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0, gzip;q=0.5", "gzip"),
        ("identity;q=0", "identity"),
        ("gzip;q=many, br;q=2", "identity"),
        ("gzip;q=-1", "identity"),
        ("gzip;q=nan, br;q=1e0", "identity"),
        ("gzipped, xbr", "identity"),
        ("zstd, deflate", "identity"),
    ],
)
def test_the_encoding_that_is_liked_best(accepted: str | None, best: str):
    """By weight, then by what the server would rather send; what is malformed is not asked for."""
    headers = Headers({} if accepted is None else {"Accept-Encoding": accepted})
    assert best_encoding(headers, ("br", "gzip")) == best


def test_headers_that_come_twice_are_one():
    """As RFC 9110 has it."""
    headers = Headers(raw=[(b"accept-encoding", b"br;q=0"), (b"accept-encoding", b"gzip")])
    assert best_encoding(headers, ("br", "gzip")) == "gzip"


@pytest.mark.parametrize(
    ("accepted", "asked"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("text/html;level=1;q=0.2", True),
        ("application/json, text/*;q=0.1", True),
        ("text/html;q=0, text/*", False),
        ("text/html;q=0", False),
        ("*/*", False),
        ("application/json", False),
        ("text/htmlx", False),
        ("", False),
        (None, False),
    ],
)
def test_who_asks_for_html(accepted: str | None, asked: bool):
    """Browsers name it; programs that take anything do not."""
    assert asks_for_html(Headers({} if accepted is None else {"Accept": accepted})) is asked
