"""The request that `onefold up` has its reader paste: the seed's worked example, where merges wait for a person."""

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from domain import worked_example

_DEVICE = {"channel": "PUSH", "qualifier": worked_example.APP_KEY, "destination": worked_example.DESTINATION}
_IDENTITY = {"name": worked_example.IDENTITY.name, "value": worked_example.IDENTITY.value}


@dataclass(frozen=True)
class FirstRequest:
    """As the service would send it that has this token."""

    url: str
    token: str
    database_id: int = worked_example.DATABASE_ID

    def heading(self) -> str:
        """What is true of it now: somebody may have merged it before, or changed what is asked about."""
        try:
            outcome = self._ask("/v1/merges/preview", self._specification())["outcome"]
            asks = self._ask(f"/v1/databases/{self.database_id}/policy")["approval"]["ask"]
        except (OSError, HTTPException, ValueError, LookupError):
            return "A request:"
        if outcome == "unchanged":
            return "The first request has been merged. Sent again, it changes nothing:"
        if (outcome, asks) == ("merged", "always"):
            return "A first request. It waits for you on the page that its answer names:"
        return "A request:"

    def curl(self) -> str:
        device = f"{_DEVICE['channel']}-{_DEVICE['qualifier']}/{quote(_DEVICE['destination'])}"
        path = f"/databases/{self.database_id}/establishidentity/{device}"
        return " ".join(
            (
                f"curl -sS -X PUT '{self.url}{path}'",
                f"-H 'Authorization: Bearer {self.token}' -H 'Content-Type: application/json'",
                f"-d '{json.dumps({'identity': _IDENTITY})}'",
            )
        )

    def _specification(self) -> dict[str, object]:
        return {"databaseId": self.database_id, **_DEVICE, "identity": _IDENTITY}

    def _ask(self, path: str, body: object = None) -> Any:
        """Without the caller's proxy, which cannot reach this machine's own addresses."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with build_opener(ProxyHandler({})).open(Request(self.url + path, data, headers), timeout=5) as answer:  # noqa: S310
            return json.load(answer)
