"""Clients that ask a name server which never answers, each within a deadline. Prints the module's name, then those of
the clients that ended with it.
"""

import socket
import time
from contextlib import suppress

import httpx
import pg8000.dbapi
import pymysql
import redis
import requests
import urllib3

import berkeley

HOST = "host.example"
SECONDS = 2
LATE = 0.1  # seconds
CALLS = {
    "requests": lambda: requests.get(f"http://{HOST}/"),
    "urllib3": lambda: urllib3.request("GET", f"https://{HOST}/"),
    "httpx": lambda: httpx.get(f"https://{HOST}/", timeout=None),
    "redis": lambda: redis.Redis(HOST, retry=None).ping(),
    "pymysql": lambda: pymysql.connect(host=HOST, user="user"),
    "pg8000": lambda: pg8000.dbapi.connect(host=HOST, user="user"),
}

with socket.socket(type=socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    print(socket.__name__)
    for name, call in CALLS.items():
        began = time.monotonic()
        with suppress(Exception), berkeley.deadline(SECONDS):
            call()
        seconds = time.monotonic() - began
        assert SECONDS <= seconds < SECONDS + LATE, (name, seconds)
        print(name)
