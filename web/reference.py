"""The API reference: Swagger UI, whose files come from our own origin and work offline."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from web.rendering import REFERENCE, page
from web.viewer import recognised

router = APIRouter(include_in_schema=False, dependencies=[Depends(recognised)])


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str


@router.api_route("/docs", methods=["GET", "HEAD"])
async def docs(request: Request) -> HTMLResponse:
    """Without JavaScript the page is a table of the operations."""
    return page(request, "docs.html", cache=REFERENCE, operations=operations(request.app.openapi()))


def operations(document: dict[str, dict[str, dict[str, dict[str, str]]]]) -> list[Operation]:
    return [
        Operation(method.upper(), path, operation["summary"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
