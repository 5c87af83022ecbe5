"""What every page forbids the browser to do with it, and whether it comes over TLS."""

from fastapi import Request

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


# Only this host: what else the operator serves under its name is not ours to decide.
_TLS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}


def over_tls(request: Request) -> bool:
    """Whether people reach us over TLS: a proxy that ends it need not say so in a header that we trust."""
    return request.app.state.public_over_tls or request.url.scheme == "https"


def security_headers(request: Request) -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in STRICT.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        **(_TLS_ALONE if over_tls(request) else {}),
    }
