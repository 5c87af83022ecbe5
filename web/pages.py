"""All pages, and the files that they are made of: complete without JavaScript, every byte from our own origin."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI

from web import home, inbox, inbox_reject, live, problem_pages, reference, review, review_decide, sign_in
from web.static_files import OwnFiles


@dataclass(frozen=True)
class DemoAccount:
    """What the sign-in page of the demo, and of nothing else, tells everybody."""

    email: str
    name: str
    role: str
    password: str


def install(app: FastAPI, demo_accounts: Sequence[DemoAccount] = ()) -> None:
    """Adds the pages to an application made by `create_app`."""
    app.state.demo_accounts = demo_accounts
    for router in (
        home.router,
        reference.router,
        problem_pages.router,
        sign_in.router,
        inbox.router,
        inbox_reject.router,
        live.router,
        review.router,
        review_decide.router,
    ):
        app.include_router(router)
    app.mount("/static/swagger-ui", OwnFiles(packages=[("fastapi_offline", "static")]))
    app.mount("/static", OwnFiles(packages=[("web", "static")]))
