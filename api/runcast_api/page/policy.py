"""What a browser is told of the page: whom it may load from and speak to, and that nobody frames it."""

from collections.abc import Iterable


def page_headers(gateway_origins: Iterable[str]) -> dict[str, str]:
    """Return the headers of everything that belongs to the page; the gateways' are origins of http or https."""
    gateways = "".join(f" {origin} {origin.replace('http', 'ws', 1)}" for origin in gateway_origins)
    return {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self'{gateways}; img-src 'self' data: blob:; media-src 'self'; font-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
