"""All pages, and the files that they are made of: complete without JavaScript, every byte from our own origin."""

from fastapi import FastAPI

from web import home, problem_pages, reference
from web.static_files import OwnFiles


def install(app: FastAPI) -> None:
    """Adds the pages to an application made by `create_app`."""
    for router in (home.router, reference.router, problem_pages.router):
        app.include_router(router)
    app.mount("/static/swagger-ui", OwnFiles(packages=[("fastapi_offline", "static")]))
    app.mount("/static", OwnFiles(packages=[("web", "static")]))
