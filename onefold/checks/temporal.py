"""Is Temporal there, does a worker poll, and can merges be found by their search attributes."""

import asyncio
import socket

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from api.gateway import is_polled
from api.search_attributes import DATABASE_ID, MERGE_ID
from onefold.checks.check import Check, Status, ok, problem
from onefold.checks.local_run import LocalRun
from onefold.typed import typed

WITHIN = 10
DEFAULT_ADDRESS = "localhost:7233"


async def check_temporal(run: LocalRun, task_queue: str) -> list[Check]:
    config = ClientConfig.load_client_connect_config()
    address = config.get("target_host") or DEFAULT_ADDRESS
    config["target_host"] = address
    try:
        async with asyncio.timeout(WITHIN):
            await asyncio.to_thread(_reach, address)
            client = await Client.connect(**config, lazy=True)  # else it is the connection that lacks its namespace
            namespace = await _namespace(client, address)
            if namespace.status is not Status.OK:
                return [namespace]
            return [namespace, await _worker(client, task_queue), await _attributes(client)]
    except TimeoutError:
        reason = f"no answer within {WITHIN} s"
    except OSError as error:
        reason = error.strerror or str(error)
    except (RPCError, RuntimeError):
        reason = "what listens there does not speak with us as Temporal: is it another server, or one that wants TLS?"
    return [problem("temporal", f"{address} cannot be used: {reason}", _fix(run, address))]


def _reach(address: str) -> None:
    """Asked first, because the SDK says less plainly why it could not connect."""
    host, _, port = address.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 2**16):
        raise OSError("it does not read host:port")
    socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()


async def _namespace(client: Client, address: str) -> Check:
    name = client.namespace
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        fix = f"`temporal operator namespace create --namespace {name}`, or correct TEMPORAL_NAMESPACE"
        return problem("temporal", f"{address} has no namespace {name}", fix)
    return ok("temporal", f"{address}, namespace {name}")


async def _worker(client: Client, task_queue: str) -> Check:
    if not await is_polled(client, task_queue):
        return problem("worker", f"none polls the task queue {task_queue}", f"start one: `{typed('worker')}`")
    return ok("worker", f"polls the task queue {task_queue}")


async def _attributes(client: Client) -> Check:
    wanted = [attribute.name for attribute in (MERGE_ID, DATABASE_ID)]
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    if missing := [name for name in wanted if name not in known.custom_attributes]:
        arguments = " ".join(f"--name {name} --type Keyword" for name in missing)
        return problem(
            "search attributes",
            f"{' and '.join(missing)} missing in namespace {client.namespace}",
            f"`temporal operator search-attribute create {arguments}`, or start a worker, which makes them",
        )
    return ok("search attributes", ", ".join(wanted))


def _fix(run: LocalRun, address: str) -> str:
    if address in {run.settings.get("TEMPORAL_ADDRESS"), DEFAULT_ADDRESS}:
        return "start it with everything else: `make run`"
    return "start that server, or correct TEMPORAL_ADDRESS (host:port)"
