"""create_connection() with `happy_eyeballs_delay` and `deadline`. test_connecting.py has it without."""

import math

import pytest
from connects import NOBODY, failed
from waits import LONG, SHORT

from berkeley import socket


@pytest.mark.parametrize("keywords", [{"deadline": LONG}, {"happy_eyeballs_delay": 0.25}])
@pytest.mark.parametrize(
    ("arguments", "default", "expected"), [((), None, None), ((), 3.5, 3.5), ((2,), None, 2.0), ((None,), 7, None)]
)
def test_the_timeout_stays_on_the_socket(here, keywords, arguments, default, expected):
    socket.setdefaulttimeout(default)
    try:
        with socket.create_connection(here, *arguments, **keywords) as client:
            assert client.gettimeout() == expected
    finally:
        socket.setdefaulttimeout(None)


def test_the_timeout_is_for_each_attempt(here, full, answers):
    with socket.create_connection(answers(full, full, here), SHORT, deadline=LONG) as client:
        assert client.getpeername() == here
    error = failed(answers(full, full), SHORT, deadline=LONG, all_errors=True, function=socket.create_connection)
    assert error.message == "create_connection failed"
    assert [(type(each), each.address) for each in error.exceptions] == [(TimeoutError, full)] * 2


def test_the_deadline_is_for_all(full, answers):
    error = failed(answers(NOBODY, full), LONG, deadline=SHORT, function=socket.create_connection)
    assert type(error) is TimeoutError
    assert error.address == full


@pytest.mark.parametrize("keywords", [{"deadline": LONG}, {"happy_eyeballs_delay": 0.25}])
def test_the_last_error_is_raised(answers, keywords):
    rows = [(socket.AF_UNIX, 1, 0, "", "/nonexistent/path"), NOBODY]
    error = failed(answers(*rows), function=socket.create_connection, **keywords)
    assert (type(error), str(error)) == (ConnectionRefusedError, "[Errno 111] Connection refused")
    assert error.address == NOBODY


@pytest.mark.parametrize(
    ("arguments", "keywords", "error"),
    [
        ((), {"deadline": -1}, ValueError),
        ((), {"deadline": "5"}, TypeError),
        ((), {"happy_eyeballs_delay": -1}, ValueError),
        ((0,), {"deadline": 5}, ValueError),
        ((-1,), {"deadline": 5}, ValueError),
        ((-1,), {"happy_eyeballs_delay": 1}, ValueError),
        ((math.nan,), {"deadline": 5}, ValueError),
        (("5",), {"deadline": 5}, TypeError),
        ((5, "127.0.0.1"), {"deadline": 5}, TypeError),
        ((), {"deadline": 0}, TimeoutError),
        ((5, ("::1", 0)), {"deadline": 5}, socket.gaierror),
    ],
)
def test_bad_arguments_of_create_connection(here, arguments, keywords, error):
    assert type(failed(here, *arguments, function=socket.create_connection, **keywords)) is error


@pytest.mark.parametrize("timeout", [-1, math.nan, "5"])
@pytest.mark.parametrize("keywords", [{"deadline": LONG}, {"happy_eyeballs_delay": 0.25}])
def test_a_bad_timeout_is_told_before_anything_is_done(monkeypatch, timeout, keywords):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: asked.append(arguments))
    error = failed(NOBODY, timeout, function=socket.create_connection, **keywords)
    assert isinstance(error, (ValueError, TypeError))
    assert asked == []


def test_an_empty_list_of_create_connection(answers):
    error = failed(answers(), deadline=5, function=socket.create_connection)
    assert str(error) == "getaddrinfo returns an empty list"


def test_a_source_of_create_connection(here):
    with socket.create_connection(here, 5, ("127.0.0.3", 0), deadline=5) as client:
        assert client.getsockname()[0] == "127.0.0.3"
