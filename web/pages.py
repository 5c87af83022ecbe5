"""All pages, and the files that they are made of: complete without JavaScript, every byte from our own origin."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI

from web import (
    audit_export,
    audit_list,
    contact_pages,
    database_pages,
    device_pages,
    home,
    inbox,
    inbox_reject,
    internal_error,
    kept_apart_pages,
    lineage_page,
    live,
    merge_history,
    merge_list,
    merge_live,
    merge_reveal,
    people_pages,
    problem_pages,
    reference,
    review,
    review_decide,
    rules_page,
    sign_in,
    status_page,
    story_page,
    wrong_address,
)
from web.drafts import Again, Forms
from web.static_files import OwnFiles

PARTS = (
    home,
    reference,
    problem_pages,
    sign_in,
    inbox,
    inbox_reject,
    live,
    review,
    review_decide,
    contact_pages,
    lineage_page,
    device_pages,
    merge_history,
    merge_list,
    merge_live,
    merge_reveal,
    story_page,
    audit_export,
    audit_list,
    database_pages,
    kept_apart_pages,
    people_pages,
    rules_page,
    status_page,
)


FORMS: dict[str, Again] = {**review.FORMS, **review_decide.FORMS, **inbox_reject.FORMS, **database_pages.FORMS}
"""Those whose text is not lost with the session of who wrote it."""


@dataclass(frozen=True)
class DemoAccount:
    """What the sign-in page of the demo, and of nothing else, tells everybody."""

    email: str
    name: str
    role: str
    password: str


def install(app: FastAPI, demo_accounts: Sequence[DemoAccount] = (), *, over_tls: bool = False) -> None:
    """Adds the pages to an application made by `create_app`. `over_tls` is how people reach them, whoever ends it."""
    app.state.demo_accounts = demo_accounts
    app.state.public_over_tls = over_tls
    app.state.forms = Forms(FORMS)
    for part in PARTS:
        app.include_router(part.router)
    wrong_address.install(app)
    internal_error.install(app)
    app.mount("/static/swagger-ui", OwnFiles(packages=[("fastapi_offline", "static")]))
    app.mount("/static", OwnFiles(packages=[("web", "static")]))
