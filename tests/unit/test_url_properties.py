"""Whatever is typed: it is refused in a sentence, or all parsers read the same in it."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from deliveries.transport.http import _target
from subscriptions.addresses import AddressPolicy, parse_networks
from subscriptions.target_urls import BadTargetUrl, UrlRules, canonical_url

PUBLIC_ONLY = UrlRules()
ALL_OPEN = UrlRules(
    allow_http=True, addresses=AddressPolicy(parse_networks(["0.0.0.0/0", "::/0"]))
)

# What parsers disagree about, strewn between what they agree on.
pieces = st.sampled_from(
    [
        *("https:", "http:", "//", "/", "\\", "@", ":", "?", "#", "%", "%2f", "%00"),
        *("good.com", "127.0.0.1", "[::1]", "[", "]", "0x7f", "2130706433", "xn--"),
        *(".", "\u3002", "\uff0e", "\uff0f", "\uff20", "\u2100", "\u00ad", "\u200d"),
        *(
            " ",
            "\t",
            "\n",
            "\r",
            "\0",
            "443",
            "8443",
            "\u0661",
            "-",
            "_",
            "a",
            "\u00df",
        ),
    ]
)
soup = st.lists(pieces | st.characters(), max_size=12).map("".join)
letters = st.sampled_from("abcxyzABC019")
plain_labels = st.text(letters, min_size=1, max_size=8)
labels = plain_labels | st.text(
    st.characters(categories=["Ll", "Lu", "Lo", "Nd", "Mn"]) | st.sampled_from("-09az"),
    min_size=1,
    max_size=12,
)
plain_names = st.lists(plain_labels, min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "com"])
)
names = plain_names | st.lists(labels, min_size=1, max_size=4).map(".".join)
addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map("[{}]".format)
ports = st.just("") | st.integers(0, 70_000).map(":{}".format)
paths = st.text(st.sampled_from("ab/@:.;?&=~-_üß%41"), max_size=12).map("/{}".format)
tails = paths | st.text(st.characters(), max_size=12).map("/{}".format)
urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http", "HTTPS"]),
    plain_names | names | addresses | soup,
    ports,
    st.just("") | tails,
)


# Most of what can be typed is refused, and says nothing about what is not.
thorough = settings(
    max_examples=200, suppress_health_check=[HealthCheck.filter_too_much]
)


def canonical_or_none(text, rules):
    try:
        return canonical_url(text, rules)
    except BadTargetUrl:
        return None


@settings(max_examples=200)
@given(st.text() | soup | urls | st.none() | st.integers() | st.binary())
@example("https://good.test\\@127.0.0.1/")
@example("https://127.0.0.1\\.good.test/")
@example("https://good\t.test/")
@example("https://xn--.com/")
def test_there_is_a_canonical_url_or_a_sentence(value):
    try:
        answer = canonical_url(value, PUBLIC_ONLY)
    except BadTargetUrl as error:
        answer = f"https://{error}"

    assert answer.startswith("https://")


@thorough
@given(urls | soup)
@example("https://bücher.example.com/ü")
@example("https://faceboo\u212a.com/%zz")
@example("http://[0:0:0:0:0:ffff:7f00:1]:80/")
def test_what_is_canonical_stays_as_it_is(url):
    canonical = canonical_or_none(url, ALL_OPEN)
    assume(canonical)

    assert canonical_url(canonical, ALL_OPEN) == canonical
    assert canonical.isascii()
    assert len(canonical) <= 2048


@thorough
@given(urls | soup)
@example("https://good.com:8443/a@b?c@d:e")
@example("https://good.com?@127.0.0.1")
@example("https://[::1]:8443/")
def test_all_parsers_find_the_same_host_in_what_is_accepted(url):
    canonical = canonical_or_none(url, ALL_OPEN)
    assume(canonical)

    ours, theirs, urllib3s = (
        _target(canonical),
        urlsplit(canonical),
        parse_url(canonical),
    )
    assert ours.scheme == theirs.scheme == urllib3s.scheme
    assert ours.host.strip("[]") == theirs.hostname == urllib3s.host.strip("[]")
    assert ours.port == theirs.port == urllib3s.port
    assert theirs.username is urllib3s.auth is None
    assert theirs.fragment == ""
    assert urllib3s.fragment is None


@given(plain_names)
def test_a_plain_name_is_accepted(name):
    assert canonical_url(f"https://{name}", PUBLIC_ONLY) == f"https://{name.lower()}/"
