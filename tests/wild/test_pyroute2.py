import asyncio
import socket

import pyroute2
import pytest

pytestmark = pytest.mark.tried("pyroute2")


def test_links(network):
    """Netlink, in a network namespace: a veth pair made, brought up, given addresses and a route; all read back."""
    with pyroute2.IPRoute() as route:
        route.link("add", ifname="wild0", kind="veth", peer={"ifname": "wild1"})
        [index] = route.link_lookup(ifname="wild0")
        [peer] = route.link_lookup(ifname="wild1")
        route.addr("add", index=index, address="192.0.2.1", prefixlen=24)
        route.addr("add", index=index, address="2001:db8::1", prefixlen=64)
        for each in (index, peer):
            route.link("set", index=each, state="up")
        route.route("add", dst="198.51.100.0/24", gateway="192.0.2.2")

        links = {link.get("ifname"): link["flags"] & 1 for link in route.get_links()}
        assert links == {"lo": 1, "wild0": 1, "wild1": 1}
        addresses = {address.get("address") for address in route.get_addr(index=index)}
        assert {"192.0.2.1", "2001:db8::1"} <= addresses
        [found] = route.get_routes(dst="198.51.100.0/24", family=socket.AF_INET)
        assert (found.get("gateway"), found.get("oif")) == ("192.0.2.2", index)
        with pytest.raises(pyroute2.NetlinkError, match="File exists"):
            route.addr("add", index=index, address="192.0.2.1", prefixlen=24)
        route.link("del", index=index)
        assert [link.get("ifname") for link in route.get_links()] == ["lo"]


def test_many(network):
    """500 addresses, and the dump of them in parts."""
    with pyroute2.IPRoute() as route:
        [index] = route.link_lookup(ifname="lo")
        wanted = {f"198.18.{number >> 8}.{number & 255}" for number in range(1, 501)}
        for address in wanted:
            route.addr("add", index=index, address=address, prefixlen=32)
        assert wanted <= {address.get("address") for address in route.get_addr(family=socket.AF_INET)}


def test_events(network):
    """What the kernel tells of changes."""
    with pyroute2.IPRoute() as watching, pyroute2.IPRoute() as route:
        watching.bind()
        route.link("add", ifname="wild0", kind="veth", peer={"ifname": "wild1"})
        told = set()
        while not {"wild0", "wild1"} <= told:
            told |= {message.get("ifname") for message in watching.get() if message["event"] == "RTM_NEWLINK"}


def test_asyncio(network):
    """With asyncio: links and addresses."""

    async def run():
        async with pyroute2.AsyncIPRoute() as route:
            [index] = await route.link_lookup(ifname="lo")
            await route.addr("add", index=index, address="192.0.2.1", prefixlen=32)
            return {address.get("address") async for address in await route.get_addr(index=index)}

    assert {"127.0.0.1", "192.0.2.1"} <= asyncio.run(run())


def test_sockets(network):
    """SOCK_DIAG: this process's sockets, as the kernel lists them."""
    with socket.create_server(("127.0.0.1", 0)) as server, pyroute2.DiagSocket() as diagnosis:
        diagnosis.bind()
        listed = diagnosis.get_sock_stats(family=socket.AF_INET)
        assert server.getsockname()[1] in {each["idiag_sport"] for each in listed}
