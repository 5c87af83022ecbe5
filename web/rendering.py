"""From a template to an answer. Whatever a value holds, it never runs as markup."""

import json
from datetime import datetime

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse

from domain.times import rfc3339
from domain.visible import visible
from web.security import security_headers

LIVE = "no-store"
REFERENCE = "max-age=300"  # the same for everybody until the next release


def page(request: Request, template: str, *, cache: str, status: int = 200, **values: object) -> HTMLResponse:
    """`root` is where a proxy put this service: templates begin every link with it. `viewer` is who is signed in."""
    root = request.scope.get("root_path", "")
    values.setdefault("viewer", None)
    text = _templates.get_template(template).render(root=root, version=request.app.version, **values)
    return HTMLResponse(text, status, {"Cache-Control": cache, **security_headers()})


def redirect(request: Request, path: str) -> RedirectResponse:
    """To a page of ours, wherever a proxy put this service; after a form, so that reloading sends nothing again."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303)


def coded(text: str) -> Markup:
    """Prose in which `backticks` mark code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup().join(code.format(breakable(part)) if at % 2 else escape(part) for at, part in parts)


def breakable(path: str) -> Markup:
    """A line may end before each slash."""
    return Markup("<wbr>/").join(path.split("/"))


def moment(when: datetime) -> Markup:
    """A time with its zone, as people read it and as machines do."""
    told = Markup('<time datetime="{}">{}</time>')
    return told.format(rfc3339(when.replace(microsecond=0)), f"{when:%-d %b %Y, %H:%M} UTC")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=True,  # for every template, whatever its name ends in
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": breakable,
        "coded": coded,
        "json": json.dumps,
        "moment": moment,
        "visible": visible,
    }
    return environment


_templates = _environment()
