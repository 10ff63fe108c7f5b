"""The static rules of a target URL: one strict grammar, one canonical form. Pure.

Parsers disagree about hostile URLs, so there is no second one: what is stored is what
this module wrote, and the transport reads nothing else. The check of the address at
each connection stays the authority; these rules catch early what can be caught early.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum

import idna

from subscriptions.addresses import AddressPolicy
from subscriptions.refusals import Refusal, sentence

MAX_LENGTH = 2048

DEFAULT_PORTS = {"https": 443, "http": 80}
FIRST_UNPRIVILEGED_PORT = 1024

# Names that mean something else inside a network than outside.
LOCAL_SUFFIXES = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".private",
    ".onion",
    ".home.arpa",
    ".svc",
    ".cluster.local",
)

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^\u2028\u2029\ud800-\udfff]")
_SHAPE = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
_AUTHORITY = re.compile(
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:%]+))(?P<port>:.*)?", re.DOTALL
)
_PORT = re.compile(r":([0-9]{0,5})")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Rule(Enum):
    """The rules a URL may break, each with its sentence."""

    REQUIRED = sentence("A URL is required.")
    TOO_LONG = sentence("The URL must not be longer than {limit} characters.")
    BAD_CHARACTER = sentence(
        "The URL must not contain spaces, control characters, backslashes, quotes, "
        "brackets or a percent sign that begins no escape."
    )
    MALFORMED = sentence("The URL must look like https://hooks.example.com/path.")
    SCHEME = sentence("The URL must start with https://.")
    USERINFO = sentence("The URL must not contain a user name or a password.")
    FRAGMENT = sentence("The URL must not contain a fragment (#).")
    HOST = sentence("The URL does not contain a valid host name.")
    PORT = sentence("The port must be 443, 8443 or from 1024 to 65535.")
    LOOP = sentence("The URL must not point at this service itself.")
    LOCAL_NAME = sentence("The host name must be a public one.")
    IP_LITERAL = sentence("The URL must contain a host name, not an IP address.")


class BadTargetUrl(Refusal):
    """A webhook may not point there."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.value, limit=MAX_LENGTH)
        self.code = rule.name.lower()


@dataclass(frozen=True)
class UrlRules:
    """What an operator may vary. *own_hosts* as in Django's ``ALLOWED_HOSTS``."""

    allow_http: bool = False
    addresses: AddressPolicy = field(default_factory=AddressPolicy)
    own_hosts: tuple[str, ...] = ()


def canonical_url(url: object, rules: UrlRules) -> str:
    """Return the one form of *url* to be stored and called.

    Raises ``BadTargetUrl`` when a webhook may not point there.
    """
    shape = _split(_legible(url))
    scheme = _scheme(shape["scheme"], rules)
    host, port = _authority(shape["authority"], scheme)
    shown = _permitted_host(host, rules)
    suffix = "" if port == DEFAULT_PORTS[scheme] else f":{port}"
    target = _target(shape["path"] or "/", shape["query"] or "")
    return _short_enough(f"{scheme}://{shown}{suffix}{target}")


def _legible(url: object) -> str:
    if not isinstance(url, str) or not url:
        raise BadTargetUrl(Rule.REQUIRED)
    if _FORBIDDEN.search(url):
        raise BadTargetUrl(Rule.BAD_CHARACTER)
    return _short_enough(url)


def _short_enough(url: str) -> str:
    if len(url) > MAX_LENGTH:
        raise BadTargetUrl(Rule.TOO_LONG)
    return url


def _split(url: str) -> re.Match[str]:
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise BadTargetUrl(Rule.MALFORMED)
    if "@" in shape["authority"]:
        raise BadTargetUrl(Rule.USERINFO)
    if shape["fragment"] is not None:
        raise BadTargetUrl(Rule.FRAGMENT)
    return shape


def _scheme(text: str, rules: UrlRules) -> str:
    scheme = text.lower()
    if scheme == "https" or (scheme == "http" and rules.allow_http):
        return scheme
    raise BadTargetUrl(Rule.SCHEME)


def _authority(text: str, scheme: str) -> tuple[str, int]:
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise BadTargetUrl(Rule.HOST)
    port = _port(parts["port"] or ":", scheme)
    if parts["literal"]:
        return _ipv6(parts["literal"]), port
    return _ipv4_or_name(parts["name"]), port


def _port(text: str, scheme: str) -> int:
    digits = _PORT.fullmatch(text)
    if digits is None:
        raise BadTargetUrl(Rule.PORT)
    default = DEFAULT_PORTS[scheme]
    port = int(digits[1] or default)
    if port in (443, default) or FIRST_UNPRIVILEGED_PORT <= port <= 65535:
        return port
    raise BadTargetUrl(Rule.PORT)


def _ipv6(text: str) -> str:
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise BadTargetUrl(Rule.HOST) from None


def _ipv4_or_name(text: str) -> str:
    name = _ascii_name(text).removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_is_label(label) for label in labels):
        raise BadTargetUrl(Rule.HOST)
    # As browsers do: a name that ends in a number is an IPv4 address. We take only
    # the dotted quad, not the decimal, octal, hexadecimal and short forms.
    return _ipv4(name) if _NUMERIC_LABEL.fullmatch(labels[-1]) else name


def _ascii_name(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        raise BadTargetUrl(Rule.HOST) from None


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    return not label.startswith("xn--") or _is_punycode(label)


def _is_punycode(label: str) -> bool:
    try:
        idna.decode(label)
    except UnicodeError:
        return False
    return True


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise BadTargetUrl(Rule.HOST) from None


def _permitted_host(host: str, rules: UrlRules) -> str:
    """Return *host* as a URL shows it, if a webhook may point at it."""
    if _is_literal(host):
        return _opened_literal(host, rules)
    if any(_is_own(host, own.lower()) for own in rules.own_hosts):
        raise BadTargetUrl(Rule.LOOP)
    if "." not in host or f".{host}".endswith(LOCAL_SUFFIXES):
        raise BadTargetUrl(Rule.LOCAL_NAME)
    return host


def _is_literal(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _opened_literal(host: str, rules: UrlRules) -> str:
    if not rules.addresses.is_opened(host):
        raise BadTargetUrl(Rule.IP_LITERAL)
    shown = f"[{host}]" if ":" in host else host
    # Loopback is often the platform's address and its receivers', on another port:
    # so it is in the demo, and in tests.
    if shown in rules.own_hosts and not ipaddress.ip_address(host).is_loopback:
        raise BadTargetUrl(Rule.LOOP)
    return shown


def _is_own(host: str, own: str) -> bool:
    if own.startswith("."):
        return host == own[1:] or host.endswith(own)
    return host == own


def _target(path: str, query: str) -> str:
    target = path + query
    if _STRAY_PERCENT.search(target):
        raise BadTargetUrl(Rule.BAD_CHARACTER)
    return "".join(c if c.isascii() else _escaped(c) for c in target)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
