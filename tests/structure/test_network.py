"""The suite talks to this machine and to nothing else."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


# The address is one of those kept for documentation: nobody answers there, should the door ever stand open.
@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_connection_beyond_this_machine_is_refused() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=0.5)


def test_a_connection_on_this_machine_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        accepted, address = server.accept()
        accepted.close()
        assert address == client.getsockname()
