"""The connection to Temporal: encrypted payloads, and the namespace as this service needs it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

from api.search_attributes import DATABASE_ID, MERGE_ID
from ledger.keyring import Keyring
from onefold.codec import EncryptingCodec

RETENTION = timedelta(days=30)
log = structlog.get_logger()


def data_converter(keyring: Keyring) -> DataConverter:
    return replace(
        DataConverter.default,
        payload_codec=EncryptingCodec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(keyring: Keyring | None, *, lazy: bool = False) -> Client:
    """Connects as the SDK's own environment configuration says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS, API key).

    Without a keyring nothing that is encrypted can be read: enough to list runs.
    """
    config = ClientConfig.load_client_connect_config()
    converter = data_converter(keyring) if keyring else DataConverter.default
    return await Client.connect(**config, data_converter=converter, lazy=lazy)


async def prepare_namespace(client: Client) -> None:
    """Registers our search attributes and keeps closed runs for 30 days. Safe to repeat, also at the same time."""
    wanted = {attribute.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for attribute in (MERGE_ID, DATABASE_ID)}
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in wanted.items() if name not in known.custom_attributes}
    if missing:
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if described.config.workflow_execution_retention_ttl.ToTimedelta() < RETENTION:
        retention = Duration()
        retention.FromTimedelta(RETENTION)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=retention)
            )
        )


async def connect_when_up(keyring: Keyring, patience: timedelta) -> Client:
    """Connects as soon as the server answers: a port that is open is not yet a server that is ready."""
    deadline = asyncio.get_running_loop().time() + patience.total_seconds()
    while True:
        try:
            client = await connect(keyring)
            await prepare_namespace(client)
        except (RPCError, RuntimeError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            log.info("temporal.waiting", error=type(error).__name__)
            await asyncio.sleep(0.5)
        else:
            return client
