"""From a template to an answer. Whatever a value holds, it never runs as markup."""

import json
from datetime import UTC, datetime

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.visible import right_to_left, visible
from web import moments, wording
from web.security import security_headers
from web.table_roles import TableRoles

LIVE = "no-store"
REFERENCE = "max-age=300"  # the same for all who are not signed in, until the next release


def page(request: Request, template: str, *, cache: str, status: int = 200, **values: object) -> HTMLResponse:
    """`root` is where a proxy put this service: templates begin every link with it. `viewer` is who is signed in.

    `notice` is what the page says first, whatever it is about.
    """
    root = request.scope.get("root_path", "")
    values.setdefault("viewer", getattr(request.state, "viewer", None))
    values.setdefault("notice", getattr(request.state, "notice", None))
    made = {"url": str(request.url), "made": datetime.now(UTC)}
    text = _templates.get_template(template).render(root=root, version=request.app.version, **made, **values)
    kept = LIVE if values["viewer"] else cache  # the frame of who is signed in is their own
    return HTMLResponse(text, status, {"Cache-Control": kept, "Vary": "Cookie", **security_headers(request)})


def json_file(request: Request, name: str, content: str | bytes) -> Response:
    return Response(content, 200, download_headers(request, f"{name}.json"), "application/json")


def download_headers(request: Request, name: str) -> dict[str, str]:
    """Of a file that a browser neither shows nor takes for anything else."""
    attached = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": LIVE}
    return {**attached, **security_headers(request)}


def see(request: Request, path: str) -> RedirectResponse:
    """Leads to another page of ours, after a form was sent: reloading it sends nothing again."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303, {"Cache-Control": LIVE})


def own_path(request: Request) -> str:
    """The path without what a proxy put before it."""
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def coded(text: str) -> Markup:
    """Prose in which `backticks` mark code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup().join(code.format(breakable(part)) if at % 2 else escape(part) for at, part in parts)


def breakable(path: str) -> Markup:
    """A line may end before each slash."""
    return Markup("<wbr>/").join(path.split("/"))


def isolated(text: str) -> Markup:
    """A value between other words. Read from right to left, it moves none of them, as it would a number after it."""
    shown = visible(text)
    return Markup("<bdi>{}</bdi>").format(shown) if right_to_left(shown) else escape(shown)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=True,  # for every template, whatever its name ends in
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[TableRoles],
    )
    environment.filters |= {
        "breakable": breakable,
        "clock": moments.clock,
        "coded": coded,
        "day": moments.day,
        "day_text": moments.day_text,
        "due": moments.due,
        "json": json.dumps,
        "moment": moments.moment,
        "precise": moments.precise,
        "visible": isolated,
        "visible_text": visible,  # where no markup can stand: titles, attributes, options
        "badges": wording.badges,
        "did": wording.did,
        "question": wording.question,
        "reason_words": wording.reason_words,
        "who": wording.who,
    }
    return environment


_templates = _environment()
