"""What every page forbids the browser to do with it."""

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


def security_headers() -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in STRICT.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
