import socket
from collections.abc import Callable, Iterator

import pytest

from onefold.ports import Wanted, complaints


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def api(port: int, host: str = "127.0.0.1") -> Wanted:
    return Wanted("the API", host, port, "ONEFOLD_PORT")


def test_a_free_port_is_no_complaint(free_port: Callable[[], int]) -> None:
    assert complaints([api(free_port())]) == []


def test_a_taken_port_is_named_with_the_variable_that_chooses_another(taken: int) -> None:
    (sentence,) = complaints([api(taken)])
    assert sentence == (
        f"Port {taken} on 127.0.0.1, wanted for the API, is taken:"
        " stop what listens there or set ONEFOLD_PORT to another port."
    )


def test_a_port_taken_on_one_address_is_taken_on_all(taken: int) -> None:
    assert "is taken" in complaints([api(taken, "0.0.0.0")])[0]


def test_a_port_whose_connections_are_just_closing_is_free() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()  # this side closes first, so its port waits out TIME_WAIT
    assert complaints([api(port)]) == []


def test_one_port_for_two_purposes_is_said_before_both_collide(free_port: Callable[[], int]) -> None:
    port = free_port()
    both = [api(port), Wanted("PostgreSQL", "127.0.0.1", port, "ONEFOLD_POSTGRES_PORT")]
    assert complaints(both) == [
        f"ONEFOLD_PORT and ONEFOLD_POSTGRES_PORT both name port {port}: set one of them to another."
    ]


def test_a_host_that_is_not_this_machine_is_said(free_port: Callable[[], int]) -> None:
    assert "cannot be opened" in complaints([api(free_port(), "192.0.2.1")])[0]
