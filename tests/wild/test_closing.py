"""Threads that wait for a socket are woken by who closes it, beside event loops that have signals of their own."""

import asyncio
import errno
import os
import signal
import socket
import time

import gevent
import gevent.threadpool
import pytest
import uvloop

pytestmark = pytest.mark.skipif(socket.__name__ != "berkeley.socket", reason="the standard module wakes nobody")

GUARD = 30
PAUSE = 0.05  # seconds, by which the thread is in its call; if not, it finds the socket closed
ENDS = {"close": errno.EBADF, "cancel": errno.ECANCELED}


def end(sock, way):
    if way == "close":
        sock.close()
    else:
        while sock.cancel() == 0:  # until it is in its call
            time.sleep(PAUSE)


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.mark.parametrize("timeout", [None, GUARD])
@pytest.mark.parametrize("way", ENDS)
def test_gevent(pair, way, timeout):
    pair[0].settimeout(timeout)
    pool = gevent.threadpool.ThreadPool(1)
    waiting = pool.spawn(pair[0].recv, 1)
    gevent.sleep(PAUSE)
    end(pair[0], way)
    with gevent.Timeout(GUARD), pytest.raises(OSError) as raised:
        waiting.get()
    assert raised.value.errno == ENDS[way]
    pool.kill()


@pytest.mark.parametrize("timeout", [None, GUARD])
@pytest.mark.parametrize("way", ENDS)
@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_asyncio(pair, new_loop, way, timeout):
    async def main():
        loop = asyncio.get_running_loop()
        handled = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, handled.set)
        waiting = loop.run_in_executor(None, pair[0].recv, 1)
        await asyncio.sleep(PAUSE)
        end(pair[0], way)
        with pytest.raises(OSError) as raised:
            await asyncio.wait_for(waiting, GUARD)
        assert raised.value.errno == ENDS[way]
        assert not handled.is_set()
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(handled.wait(), GUARD)

    pair[0].settimeout(timeout)
    loop = new_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
