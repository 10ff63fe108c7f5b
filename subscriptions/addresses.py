"""Which addresses a webhook may point at. Pure: no lookup, no socket.

Never built on ``ipaddress.is_global`` or ``is_private``: they answer another question,
and their answers changed between patch releases of Python.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read CIDRs such as ``10.20.0.0/16``; a bare address is a network of one.

    Raises ``ValueError`` with a sentence that names the text it could not read.
    """
    return tuple(_parse_network(text.strip()) for text in texts)


def _parse_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        message = f"{text!r} is not a network such as 10.20.0.0/16: {error}."
        raise ValueError(message) from None


# Never dialled, whatever an operator opens: "this host", link-local with the clouds'
# metadata services, multicast, reserved. The single addresses are metadata services
# that hide elsewhere: Azure, Alibaba, Oracle, AWS and Google over IPv6.
HARD_DENIED = parse_networks(
    (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "::",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)

# IPv4 is a deny-list: IANA's special-purpose registry. All else is public.
IPV4_SPECIAL = parse_networks(
    (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)

# IPv6 is an allow-list: global unicast, less what embeds IPv4 or is special inside it.
# NAT64, IPv4-compatible, ULA, site-local, discard and SRv6 fall outside by construction.
IPV6_GLOBAL = parse_networks(("2000::/3",))
IPV6_SPECIAL = parse_networks(
    ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)


# Where IPv6 carries an IPv4 address in its last 32 bits: IPv4-compatible, translated
# (SIIT), and the two prefixes of NAT64.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
IPV4_IN_THE_END = (
    *parse_networks(("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48")),
    NAT64,
)
# `::1` and its like are no IPv4 addresses.
FIRST_IPV4 = ipaddress.IPv4Address("1.0.0.0")


@dataclass(frozen=True)
class AddressPolicy:
    """Public addresses, and the networks that the operator has opened or closed.

    *allowed* opens private networks and loopback, never what is denied hard. *denied*
    closes more, such as the platform's own public addresses. With *nat64*, the IPv4
    address behind ``64:ff9b::/96`` counts: for hosts that reach IPv4 in no other way.
    """

    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()
    nat64: bool = False

    def refusal(self, address: str) -> str | None:
        """Why *address* may not be dialled, in a word for the log; ``None``: it may."""
        ip = self._parse(address)
        if ip is None:
            return "not_an_address"
        if closed := self._closed(ip):
            return closed
        if _lies_in(ip, self.allowed) or _is_public(ip):
            return None
        return "not_public"

    def is_opened(self, address: str) -> bool:
        """Whether *address* lies in a network that the operator has opened."""
        ip = self._parse(address)
        if ip is None or self._closed(ip):
            return False
        return _lies_in(ip, self.allowed)

    def _parse(self, text: str) -> Address | None:
        ip = _parse_address(text)
        if self.nat64 and isinstance(ip, ipaddress.IPv6Address) and ip in NAT64:
            return _last_32_bits(ip)
        return ip

    def _closed(self, ip: Address) -> str | None:
        # An opened network must not lead to a metadata service in IPv6 dress.
        dresses = (ip, _wrapped(ip))
        if any(each and _lies_in(each, HARD_DENIED) for each in dresses):
            return "never_allowed"
        if any(each and _lies_in(each, self.denied) for each in dresses):
            return "operator_denied"
        return None


def _parse_address(text: str) -> Address | None:
    """Read an address; an IPv4 address mapped into IPv6 counts as itself.

    A zone (``%eth0``) chooses an interface of ours: such an address is none.
    """
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    return None if ip.scope_id else ip.ipv4_mapped or ip


def _wrapped(ip: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip.sixtofour:
        return ip.sixtofour
    inner = _last_32_bits(ip)
    return inner if _lies_in(ip, IPV4_IN_THE_END) and inner >= FIRST_IPV4 else None


def _last_32_bits(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(ip.packed[-4:])


def _is_public(ip: Address) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return not _lies_in(ip, IPV4_SPECIAL)
    return _lies_in(ip, IPV6_GLOBAL) and not _lies_in(ip, IPV6_SPECIAL)


def _lies_in(ip: Address, networks: tuple[Network, ...]) -> bool:
    # `in` answers False across IP versions.
    return any(ip in network for network in networks)
