"""The house rules, told from the syntax tree of a file: which way imports run, and what may be done where."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

LAYERS = ("domain", "ledger", "store", "activities", "workflows", "api", "web", "onefold")
ROOT = Path(__file__).parent.parent

# What a package takes from the others; a cut in the one-way order is a package that is missing here.
_OWN: Mapping[str, tuple[str, ...]] = {
    "domain": ("domain",),
    "ledger": ("domain", "ledger"),
    "store": ("domain", "ledger", "store"),
    "activities": ("domain", "ledger", "store", "activities"),
    "workflows": ("domain", "activities.names", "workflows"),
    "api": ("domain", "ledger", "store", "api"),
    "web": ("domain", "ledger", "store", "api", "web"),
    "onefold": LAYERS,
}
_GATEWAY = ("api/gateway.py", "api/gateway_call.py", "api/gateway_runs.py")
_NOTICES = "onefold/notices/"  # what leaves the house is made of what it is given: no store is at hand there

# Where a library may be seen at all.
_LIBRARIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("sqlalchemy", "psycopg", "alembic"), ("store", "activities", "onefold")),
    **dict.fromkeys(("fastapi", "starlette", "uvicorn", "pydantic"), ("api", "web", "onefold")),
    **dict.fromkeys(("jinja2", "markupsafe"), ("web",)),
    **dict.fromkeys(("typer", "rich", "pydantic_settings"), ("onefold",)),
    **dict.fromkeys(("httpx", "smtplib", "standardwebhooks"), ("onefold",)),
    "cryptography": ("ledger", "onefold"),
    "temporalio": ("activities", "workflows", "api", "onefold"),
}
_NO_IO = frozenset(
    ("asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "subprocess", "threading", "time")
)
_CLOCKS = frozenset(("now", "today", "utcnow"))  # the module time is no import of the domain
_RUNS = re.compile(r"(start|execute)_(workflow|update)\w*|get_workflow_handle\w*|WithStartWorkflowOperation")
_SQL = re.compile(
    r"\s*(SELECT\s.*\bFROM\b|SELECT\s+\w+\(|INSERT\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|WITH\s+\w+.*\bAS\s*\("
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|DATABASE|ROLE)\b|LOCK\s+TABLE\b)",
    re.DOTALL,
)
SQL_ELSEWHERE = {
    "onefold/embedded/postgres.py": "provides the server's role and database, before there is a store",
    "onefold/checks/database.py": "asks the server, not the store: which version, whose clock",
}


def files() -> Iterator[str]:
    """Every file of the product, by its path from the root."""
    for layer in LAYERS:
        yield from (str(file.relative_to(ROOT)) for file in sorted((ROOT / layer).rglob("*.py")))


def faults(path: str, source: str) -> list[str]:
    """What a file does against the rules of its place."""
    tree = ast.parse(source)
    found = [fault for name in _imported(tree, path) if (fault := _import_fault(path, name))]
    return found + [fault for node in ast.walk(tree) if (fault := _fault(path, node))]


def _imported(tree: ast.AST, path: str) -> Iterator[str]:
    """Full names of what is imported, anywhere in the file: `from a import b` is `a.b`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                parents = PurePosixPath(path).parts[: -node.level] if node.level else ()
                module = ".".join((*parents, *([node.module] if node.module else [])))
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _import_fault(path: str, name: str) -> str | None:
    layer, package = path.split("/", maxsplit=1)[0], name.split(".", maxsplit=1)[0]
    if package == "tests" or package in LAYERS:
        ours = any(name == one or name.startswith(f"{one}.") for one in _allowed(path, layer))
        return None if ours else f"{layer} imports {name}"
    if package in _LIBRARIES and layer not in _LIBRARIES[package]:
        return f"{layer} imports {name}"
    if layer == "domain" and (package in _NO_IO or package not in {*sys.stdlib_module_names, "rfc8785"}):
        return f"domain imports {name}"
    return None


def _allowed(path: str, layer: str) -> tuple[str, ...]:
    if path in _GATEWAY:
        return (*_OWN[layer], "activities.names", "workflows")
    return ("domain", "onefold.notices", "onefold.signed_post") if path.startswith(_NOTICES) else _OWN[layer]


def _fault(path: str, node: ast.AST) -> str | None:
    layer = path.split("/", maxsplit=1)[0]
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" as name) if layer != "onefold":
            return f"{layer} reads os.{name}"
        case ast.ImportFrom(module="os") if layer != "onefold" and _names(node) & {"environ", "getenv"}:
            return f"{layer} reads os.environ"
        case ast.Call(func=ast.Attribute(attr=name)) if layer == "domain" and name in _CLOCKS:
            return f"domain asks a clock: {name}"
        case ast.Attribute(attr=name) | ast.Name(id=name) if layer != "workflows" and _RUNS.fullmatch(name):
            return None if path in _GATEWAY else f"{path} starts or updates workflows: {name}"
        case ast.Constant(value=str(text)) if _SQL.match(text) and layer != "store" and path not in SQL_ELSEWHERE:
            return f"{layer} holds SQL: {' '.join(text.split())[:40]}"
    return None


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}
