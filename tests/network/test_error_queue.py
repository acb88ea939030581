"""Errors that routers and this machine send back: the program has a network of its own, and a router in another."""

import shutil
import subprocess
import sys
import textwrap

import pytest

# near (192.0.2.1, 2001:db8::1) - the router (192.0.2.2, 2001:db8::2), behind which is a link of 1280 bytes, and from
# which there is a route that is forbidden, and none to all else.
START = """
import errno, os, select, subprocess, sys
from berkeley import constants, socket

router = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
router.stdout.readline()
there = f"nsenter --net=/proc/{router.pid}/ns/net"
subprocess.run(["sh", "-ec", f'''
    ip link add near type veth peer name far netns {router.pid}
    {there} ip link add narrow mtu 1280 type veth peer name other
    {there} sh -ec "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"
    for number in 1 2; do
        case $number in 1) where=near own="" ;; 2) where=far own="{there}" ;; esac
        $own ip address add 192.0.2.$number/24 dev $where
        $own ip address add 2001:db8::$number/64 dev $where nodad
        $own ip link set $where up
    done
    {there} ip address add 198.51.100.1/24 dev narrow
    {there} ip address add 2001:db8:1::1/64 dev narrow nodad
    {there} ip link set other up
    {there} ip link set narrow up
    {there} ip route add prohibit 203.0.113.0/24
    {there} ip route add prohibit 2001:db8:2::/64
    ip route add default via 192.0.2.2
    ip route add default via 2001:db8::2
'''], check=True)

FAMILIES = {
    "icmp": (socket.AF_INET, "192.0.2.2", "198.51.100.7", "203.0.113.7", "10.0.0.7"),
    "icmp6": (socket.AF_INET6, "2001:db8::2", "2001:db8:1::7", "2001:db8:2::7", "2001:db8:3::7"),
}

def error_of(family, data, host):
    '''The one error that comes of sending it: what is told of it, and the error itself.'''
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.set_error_queue(True)
        if family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, constants.IP_MTU_DISCOVER, constants.IP_PMTUDISC_DO)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, constants.IPV6_MTU_DISCOVER, constants.IPV6_PMTUDISC_DO)
        try:
            sock.sendto(data, (host, 9))
        except OSError as raised:
            assert raised.errno == errno.EMSGSIZE
        watched = select.poll()
        watched.register(sock, 0)
        assert watched.poll(30000)
        [error] = sock.recv_errors()
        # Of its own errors of IPv4, the kernel does not know the port where the socket is not connected.
        ports = (0, 9) if error.origin == "local" else (9,)
        assert error.destination[0] == host and error.destination[1] in ports, error
        return errno.errorcode[error.errno], error.origin, error.offender and error.offender[0], error
"""


@pytest.fixture(scope="session")
def network(alone):
    """Runs a program in such a network."""
    for name, package in {"ip": "iproute2", "nsenter": "util-linux"}.items():
        if not shutil.which(name):
            pytest.skip(f"no {name}: package {package}")
    program = [*alone, sys.executable, "-X", "dev", "-W", "error", "-c"]
    made = subprocess.run([*program, START + "router.kill()\nrouter.communicate()"], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no network of namespaces can be made here: {made.stderr.splitlines()[-1]}")

    def run(text):
        text = START + textwrap.dedent(text) + "router.kill()\nrouter.communicate()"
        done = subprocess.run([*program, text], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""

    return run


def test_too_long_for_a_link_on_the_way(network):
    network(
        """
        for origin, (family, router_address, narrow, _, _) in FAMILIES.items():
            *told, error = error_of(family, bytes(1400), narrow)
            assert told == ["EMSGSIZE", origin, router_address], told
            assert error.mtu == 1280, error
            assert set(error.data) == {0} and len(error.data) >= 500, len(error.data)
            # The kernel remembers, and says so itself from now on.
            *told, error = error_of(family, bytes(1400), narrow)
            assert told == ["EMSGSIZE", "local", None], told
            assert error.mtu == 1280, error
        """
    )


def test_too_long_for_the_first_link(network):
    network(
        """
        subprocess.run(["ip", "link", "set", "near", "mtu", "1400"], check=True)
        for family, _, narrow, _, _ in FAMILIES.values():
            *told, error = error_of(family, bytes(1450), narrow)
            assert told == ["EMSGSIZE", "local", None], told
            assert error.mtu == 1400, error
            assert error.exception().errno == errno.EMSGSIZE
        """
    )


def test_routes_that_lead_nowhere(network):
    network(
        """
        for origin, (family, router_address, _, forbidden, unknown) in FAMILIES.items():
            *told, error = error_of(family, b"data", forbidden)
            assert told == ["EHOSTUNREACH" if origin == "icmp" else "EACCES", origin, router_address], told
            assert (error.type, error.code) == ((3, 13) if origin == "icmp" else (1, 1)), error
            *told, error = error_of(family, b"data", unknown)
            assert told == ["ENETUNREACH", origin, router_address], told
            assert (error.type, error.code, error.data) == ((3, 0, b"data") if origin == "icmp" else (1, 0, b"data"))
            assert error.mtu is None
        """
    )
