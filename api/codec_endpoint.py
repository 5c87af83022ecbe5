"""Decodes payloads for Temporal's web UI: only for its origin, only for who knows the secret."""

import hmac
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from api.services import CodecEndpoint, Wired

router = APIRouter(include_in_schema=False)


@router.api_route("/temporal/codec/{secret}/decode", methods=["POST", "OPTIONS"])
async def decode(request: Request, secret: str, wired: Wired) -> Response:
    endpoint = wired.codec_endpoint
    if endpoint is None or not hmac.compare_digest(secret.encode(), endpoint.secret.encode()):
        return Response(status_code=HTTPStatus.NOT_FOUND)
    if request.headers.get("origin") != endpoint.origin:
        return Response(status_code=HTTPStatus.FORBIDDEN)
    allowed = {
        "Access-Control-Allow-Origin": endpoint.origin,
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Vary": "Origin",
    }
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allowed)
    decoded = await _decoded(endpoint, await request.body())
    if decoded is None:
        return Response(status_code=HTTPStatus.BAD_REQUEST, headers=allowed)
    return Response(decoded, headers=allowed, media_type="application/json")


async def _decoded(endpoint: CodecEndpoint, body: bytes) -> str | None:
    """The payloads in clear; None for what claims to be encrypted and is not ours.

    What is plain stays as it is: the UI also sends search attributes here, which Temporal keeps in clear.
    """
    try:
        payloads = json_format.Parse(body, Payloads()).payloads
        clear = [await _clear(endpoint, payload) for payload in payloads]
    except (json_format.ParseError, ValueError):
        return None
    return json_format.MessageToJson(Payloads(payloads=clear))


async def _clear(endpoint: CodecEndpoint, payload: Payload) -> Payload:
    if not payload.metadata.get("encoding", b"").startswith(b"binary/encrypted"):
        return payload
    (clear,) = await endpoint.codec.decode([payload])
    return clear
