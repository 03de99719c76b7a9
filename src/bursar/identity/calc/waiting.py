"""How long to wait after failed sign-ins: nothing at first, then twice as long each time."""

import ipaddress
from typing import Final

FREE_FAILURES_ACCOUNT: Final = 5
FREE_FAILURES_ADDRESS: Final = 30  # many people can share one address
WAIT_SECONDS_MAX: Final = 15 * 60
DOUBLINGS_MAX: Final = 10


def wait_seconds(failures: int, free_failures: int) -> int:
    """Return the seconds to wait after `failures` in a row: 2, 4, 8 ... from the last free one."""
    if failures < free_failures:
        return 0
    doublings = min(failures - free_failures + 1, DOUBLINGS_MAX)
    return min(1 << doublings, WAIT_SECONDS_MAX)


def network_of(address: str) -> str:
    """Return the network one attempt counts against: /24 for IPv4, /64 for IPv6, "" for neither.

    Whoever has one address of such a network usually has them all.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, ipaddress.IPv6Address):  # by number, which drops an interface's name
        return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return str(ipaddress.IPv4Network((int(parsed), 24), strict=False))
