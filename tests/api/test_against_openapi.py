"""Requests made up from the OpenAPI document, good and bad ones: the service answers as it says it does."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case as AnyCase
from schemathesis import CheckContext, GenerationMode, Response
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from api.bodies import LARGEST
from store.engine import Store
from store.tokens import Scope
from tests.api.test_openapi import OPERATIONS
from tests.api.wire import DEVICE, PHONE
from tests.stack import LEDGER_KEYRING, whole_stack
from tests.tenant import APP_KEY, new_tenant, token_for

Case = AnyCase[Any]
EXAMPLES = 15
BEYOND_SCHEMAS = ("valid integer", "NUL")  # to JSON Schema 5.0 is an integer, and NUL a character like any other
LARGEST_ID = 2**63 - 1
LABELS = [f"{method.upper()} {path}" for path, method, _ in OPERATIONS]
TAKE_NOTHING = {"GET /healthz", "GET /readyz", "GET /v1/databases"}
PLACED = {"channel": "PUSH", "channelType": "PUSH", "qualifier": APP_KEY, "destination": DEVICE, "field": "Alias Id"}
_UUID = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")

pytestmark = pytest.mark.slow
each_operation = pytest.mark.parametrize("label", LABELS)


@dataclass(frozen=True)
class World:
    """A service of its own, so that no database made up here meets another test; and what there is in it."""

    schema: BaseSchema
    token: str
    own: dict[str, int | str]

    def at_home(self, case: Case) -> Case:
        """The same request about things that exist, or it would never get past its first 404.

        What a generator made wrong is left as it is: only valid values are replaced, by valid ones.
        """
        for place in _objects(case):
            for name, own in self.own.items():
                if _is_valid(place.get(name), like=own):
                    place[name] = own
        return case

    def check(self, case: Case, *, ignoring: frozenset[str] = frozenset()) -> Response:
        response = case.call(headers={"Authorization": f"Bearer {self.token}"})
        checks: list[Any] = [one for one in CHECKS.get_all() if one.__name__ not in _NOT_OURS | ignoring]
        case.validate_response(response, checks=[*checks, only_the_documented_500, only_documented_codes])
        return response


# Ours are stricter than the first; the second takes every refusal that no schema can foresee for a fault; the others
# are about runs of several requests.
_NOT_OURS = frozenset(
    {"not_a_server_error", "positive_data_acceptance", "use_after_free", "ensure_resource_availability"}
)


def only_the_documented_500(_: CheckContext, response: Response, __: Case) -> None:
    if response.status_code >= 500:
        assert response.json()["code"] == "merge-blocked", response.text


def only_documented_codes(_: CheckContext, response: Response, case: Case) -> None:
    """An answer's code is among those that the operation lists for its status."""
    if response.status_code < 400 or response.status_code == 405:
        return
    documented = case.operation.definition.raw["responses"][str(response.status_code)]
    assert response.json()["code"] in documented["content"]["application/problem+json"]["examples"], response.text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole_stack(tmp_path_factory.mktemp("openapi")) as stack:
        token, own = asyncio.run(_inhabited(stack.database_url, stack.url))
        schema = schemathesis.openapi.from_url(f"{stack.url}/openapi.json", config=SchemathesisConfig(seed=1))
        schema.config.update(base_url=stack.url)
        yield World(schema, token, own)
        # Leaving checks the invariants, whatever was made up.


async def _inhabited(database_url: str, url: str) -> tuple[str, dict[str, int | str]]:
    store = Store.connect(database_url, ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, url)
    token = await token_for(store, None, [Scope.ADMIN])
    contact_id = await tenant.register(DEVICE)
    await tenant.register(PHONE, custom={"userId": "777374"})
    merge_id = (await tenant.established(DEVICE, "777374"))["mergeId"]
    await tenant.http.aclose()
    await store.close()
    return token, {"databaseId": tenant.id, "database": tenant.id, "contactId": contact_id, "mergeId": merge_id}


@each_operation
def test_the_edges_of_every_value_are_answered_as_documented(world: World, label: str) -> None:
    """The tool's own list of each parameter's and field's least, greatest, missing, repeated and mistyped values."""
    operation = world.schema.find_operation_by_label(label)
    assert operation
    # A GET of /v1/merges/preview asks for the merge of that name.
    ignoring = frozenset(
        {"unsupported_method", "allow_header_conformance"} if label == "POST /v1/merges/preview" else ()
    )
    cases = world.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=world.schema.config.generation
    )
    answered = [world.check(world.at_home(case), ignoring=ignoring).status_code for case in cases]
    assert len(answered) >= 5


@each_operation
def test_a_request_of_the_documented_shape_is_answered_as_documented(world: World, label: str) -> None:
    answered: list[int] = []

    def ask(case: Case) -> None:
        response = world.check(world.at_home(_known(case)))
        answered.append(response.status_code)
        problem = response.json() if response.status_code in {400, 422} else {"code": "", "detail": ""}
        misfit = problem["code"] in {"request-invalid", "body-malformed"}
        foreseen = any(words in problem["detail"] for words in BEYOND_SCHEMAS)
        assert foreseen or not misfit, f"the document allows what the service refuses: {problem['detail']}"

    _asked(world, label, GenerationMode.POSITIVE, ask)
    assert answered


@pytest.mark.parametrize("label", [label for label in LABELS if label not in TAKE_NOTHING])
def test_a_request_of_another_shape_is_refused(world: World, label: str) -> None:
    def ask(case: Case) -> None:
        known = {parameter.name for parameter in case.operation.query}
        ignored = set(case.query or {}) - known  # what an operation does not know in a query, it ignores
        too_large = len(json.dumps(case.body, default=str)) > LARGEST  # refused with 413, which the tool forgets
        if not ignored and not too_large:
            world.check(world.at_home(case))

    _asked(world, label, GenerationMode.NEGATIVE, ask)


def _asked(world: World, label: str, mode: GenerationMode, ask: Callable[[Case], Any]) -> None:
    operation = world.schema.find_operation_by_label(label)
    assert operation

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # what fails is shown as it was sent; making it smaller would take minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: Case) -> None:
        ask(case)

    asked()


def _known(case: Case) -> Case:
    """In every other case the names are those that the database has; which cases follows from the case itself."""
    if len(str(case.body)) % 2 == 0:
        for place in _objects(case):
            place.update({name: value for name, value in PLACED.items() if isinstance(place.get(name), str)})
    return case


def _objects(case: Case) -> Iterator[dict[str, Any]]:
    """What a request consists of by name: its parameters, its body, and what lies in that."""
    body: Any = case.body
    for place in (case.path_parameters, case.query, body):
        if isinstance(place, dict):
            yield place
    if isinstance(body, dict):
        yield from (inner for inner in body.values() if isinstance(inner, dict))


def _is_valid(value: object, like: int | str) -> bool:
    if isinstance(like, int):
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_ID
    return isinstance(value, str) and bool(_UUID.fullmatch(value))
