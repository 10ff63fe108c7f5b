"""Which addresses a webhook may point at: the table is the specification."""

from __future__ import annotations

import pytest

from subscriptions.addresses import AddressPolicy, parse_networks

SPECIAL = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2a00:1450:4001:81b::200e",
]

# An IPv4 address, and the forms of IPv6 that lead to it.
DRESSES = {
    "translated": "64:ff9b::{}",
    "local NAT64": "64:ff9b:1::{}",
    "compatible": "::{}",
    "SIIT": "::ffff:0:{}",
    "mapped": "::ffff:{}",
}

NEVER = [
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "2002:a9fe:a9fe::1",
    *(form.format("169.254.169.254") for form in DRESSES.values()),
    *(form.format("100.100.100.200") for form in DRESSES.values()),
]

EVERYTHING = AddressPolicy(parse_networks(["0.0.0.0/0", "::/0"]))


@pytest.mark.parametrize("address", SPECIAL)
def test_a_special_address_is_refused(address):
    assert AddressPolicy().refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_dialled(address):
    assert AddressPolicy().refusal(address) is None


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_opened_by_anyone(address):
    assert not AddressPolicy().is_opened(address)


@pytest.mark.parametrize("address", NEVER)
def test_nothing_opens_what_is_denied_hard(address):
    assert EVERYTHING.refusal(address)
    assert not EVERYTHING.is_opened(address)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.20.0.0/16", "10.20.3.4", "10.21.0.1"),
        ("127.0.0.0/8", "127.0.0.1", "10.0.0.1"),
        ("127.0.0.2", "127.0.0.2", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ("::1", "::1", "127.0.0.1"),
        ("fd12:3456::/32", "fd12:3456::1", "fd12:3457::1"),
    ],
)
def test_an_operator_opens_a_network_and_nothing_beside_it(network, inside, outside):
    policy = AddressPolicy(parse_networks([network]))

    assert policy.refusal(inside) is None
    assert policy.is_opened(inside)
    assert policy.refusal(outside)
    assert not policy.is_opened(outside)


@pytest.mark.parametrize("form", DRESSES.values(), ids=DRESSES)
def test_an_opened_network_leads_to_no_metadata_service_in_other_dress(form):
    policy = AddressPolicy(parse_networks(["::/0"]))

    assert policy.refusal(form.format("169.254.169.254")) == "never_allowed"
    assert not policy.is_opened(form.format("169.254.169.254"))
    assert AddressPolicy(parse_networks(["::1"])).refusal("::1") is None


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("64:ff9b::8.8.8.8", None),
        ("64:ff9b::10.0.0.1", "not_public"),
        ("64:ff9b::127.0.0.1", "not_public"),
        ("64:ff9b::169.254.169.254", "never_allowed"),
        ("64:ff9b:1::8.8.8.8", "not_public"),
        ("64:ff9b:0:0:0:1:808:808", "not_public"),
        ("8.8.8.8", None),
        ("2606:4700:4700::1111", None),
    ],
)
def test_behind_nat64_the_translated_address_counts(address, refusal):
    assert AddressPolicy(nat64=True).refusal(address) == refusal
    assert AddressPolicy().refusal("64:ff9b::8.8.8.8") == "not_public"


def test_behind_nat64_an_opened_network_is_open_in_translation_too():
    policy = AddressPolicy(parse_networks(["10.0.0.0/8"]), nat64=True)

    assert policy.is_opened("64:ff9b::10.1.2.3")
    assert policy.refusal("64:ff9b::11.1.2.3") is None
    assert not policy.is_opened("64:ff9b::11.1.2.3")


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "::ffff:93.184.216.34", "64:ff9b::93.184.216.34", "2a00:5::1"],
)
@pytest.mark.parametrize("nat64", [False, True])
def test_what_an_operator_closes_stays_closed_in_any_dress(address, nat64):
    closed = parse_networks(["93.184.216.0/24", "2a00:5::/32"])
    policy = AddressPolicy(parse_networks(["0.0.0.0/0", "::/0"]), closed, nat64=nat64)

    assert policy.refusal(address) == "operator_denied"
    assert not policy.is_opened(address)
    assert policy.refusal("93.184.217.34") is None


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "2130706433", "10.0.0.0/8"])
def test_what_is_not_an_address_is_refused(text):
    assert EVERYTHING.refusal(text) == "not_an_address"
    assert not EVERYTHING.is_opened(text)


def test_the_log_learns_why():
    policy = AddressPolicy()

    assert policy.refusal("169.254.169.254") == "never_allowed"
    assert policy.refusal("10.0.0.1") == "not_public"


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "intranet", ""])
def test_a_bad_network_is_named(text):
    with pytest.raises(ValueError, match="is not a network such as") as raised:
        parse_networks(["10.0.0.0/8", text])

    assert repr(text) in str(raised.value)


def test_blanks_around_a_network_do_not_matter():
    assert parse_networks([" 10.0.0.0/8 "]) == parse_networks(["10.0.0.0/8"])
