import socket
from queue import Queue

import pytest
import zeroconf

pytestmark = pytest.mark.tried("zeroconf")
KIND = "_wild._tcp.local."


def test_services(multicast):
    """Multicast DNS, in a network namespace: a service announced, found by another, and taken back."""
    found = Queue()

    def tell(zeroconf, service_type, name, state_change):
        found.put((name, state_change))

    options = {"interfaces": ["127.0.0.1"], "ip_version": zeroconf.IPVersion.V4Only}
    where = {"addresses": [socket.inet_aton("127.0.0.1")], "port": 80, "server": "one.local."}
    service = zeroconf.ServiceInfo(KIND, f"one.{KIND}", **where)
    with zeroconf.Zeroconf(**options) as announcing, zeroconf.Zeroconf(**options) as looking:
        browser = zeroconf.ServiceBrowser(looking, KIND, handlers=[tell])
        announcing.register_service(service)
        assert found.get(timeout=20) == (f"one.{KIND}", zeroconf.ServiceStateChange.Added)
        assert looking.get_service_info(KIND, f"one.{KIND}").port == 80
        announcing.unregister_service(service)
        while found.get(timeout=20)[1] != zeroconf.ServiceStateChange.Removed:
            pass
        browser.cancel()
