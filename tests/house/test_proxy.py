"""The fault proxy: what the two sides see in each kind of weather."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tests.support.proxy import proxy
from tests.support.waiting import until


def echo(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=[connection], daemon=True).start()


def answer(connection):
    with connection:
        try:
            while data := connection.recv(4096):
                connection.sendall(data * (1000 if data == b"more" else 1))
        except OSError:
            return


@pytest.fixture
def between():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echo, args=[listener], daemon=True).start()
        with proxy(*listener.getsockname()) as running:
            yield running
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def call(between, patience=10):
    with socket.create_connection(("127.0.0.1", between.port), timeout=patience) as connection:
        yield connection


def hears(connection, said=b"hello"):
    connection.sendall(said)
    return connection.recv(4096)


def test_it_carries_both_ways_until_one_side_has_ended(between):
    with call(between) as connection:
        assert hears(connection) == b"hello"
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    until(lambda: not between.links)


def test_it_cuts_and_counts_who_waited_for_an_answer(between):
    with call(between) as idle, call(between) as asking:
        assert (hears(idle), hears(asking)) == (b"hello", b"hello")
        between.stall()
        asking.sendall(b"anybody?")
        until(lambda: any(link.is_asking for link in between.links))
        assert between.cut() == 1
        for connection in (idle, asking):
            with pytest.raises(ConnectionResetError):
                connection.recv(1)


def test_it_holds_everything_back_and_loses_nothing(between):
    with call(between) as connection:
        between.stall()
        connection.sendall(b"later")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(5)
        between.clear()
        connection.settimeout(10)
        assert connection.recv(5) == b"later"


def test_it_refuses_until_the_weather_is_good(between):
    between.refuse()
    with pytest.raises(ConnectionRefusedError), call(between):
        pass
    between.clear()
    with call(between) as connection:
        assert hears(connection) == b"hello"


def test_it_swallows_what_is_said_and_breaks_what_has_lost_something(between):
    between.swallow()
    with call(between, patience=0.2) as connection:
        with pytest.raises(TimeoutError):
            hears(connection)
        assert between.clear() == 1
        connection.settimeout(10)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_it_is_late(between):
    with call(between) as connection:
        between.delay(0.1)
        begun_at = time.monotonic()
        assert hears(connection) == b"hello"
        assert time.monotonic() - begun_at >= 0.2  # there and back


def test_it_reads_slowly(between):
    with call(between) as connection:
        between.read_slowly(20_000)
        begun_at, size = time.monotonic(), len(hears(connection, b"more"))
        while size < 4000:
            size += len(connection.recv(4096))
        assert time.monotonic() - begun_at >= 0.15
