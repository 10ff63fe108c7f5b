"""Which URLs may be stored, and in which form: the table is the specification."""

from __future__ import annotations

import pytest

from subscriptions.addresses import AddressPolicy, parse_networks
from subscriptions.target_urls import BadTargetUrl, UrlRules, canonical_url

PUBLIC_ONLY = UrlRules(
    own_hosts=(
        "api.hooks.ourselves.io",
        "xn--bcher-kva.ourselves.io",
        ".Ours.example.net",
        "*",
    )
)
LOOPBACK_OPENED = UrlRules(
    allow_http=True,
    addresses=AddressPolicy(parse_networks(["127.0.0.0/8", "::1"])),
    own_hosts=("127.0.0.1", "[::1]", "*"),
)

REFUSED = [
    ("", "required"),
    ("https://2130706433/", "host"),
    ("https://0177.0.0.1/", "host"),
    ("https://0x7f.1/", "host"),
    ("https://127.1/", "host"),
    ("https://0/", "host"),
    ("https://1.2.3.4.5/", "host"),
    ("https://a.0x7f/", "host"),
    ("https://127.0.0.1/", "ip_literal"),
    ("https://127.0.0.1./", "ip_literal"),
    ("https://1.2.3.4/", "ip_literal"),
    ("https://①②⑦.⓪.⓪.①/", "ip_literal"),
    ("https://127。0。0。1/", "ip_literal"),
    ("https://\uff11\uff12\uff17.0.0.1/", "ip_literal"),
    ("https://[::ffff:127.0.0.1]/", "ip_literal"),
    ("https://[::]/", "ip_literal"),
    ("https://[2606:4700::1111]/", "ip_literal"),
    ("https://[fe80::1%25eth0]/", "host"),
    ("https://[fe80::1%eth0]/", "host"),
    ("https://[::1", "host"),
    ("https://[::1]x/", "host"),
    ("https://[1.2.3.4]/", "host"),
    ("https://localhost/", "local_name"),
    ("https://localhost./", "local_name"),
    ("https://LOCALHOST:8443/", "local_name"),
    ("https://intranet/", "local_name"),
    ("https://app.localhost/", "local_name"),
    ("https://printer.local/", "local_name"),
    ("https://db.corp/", "local_name"),
    ("https://router.home.arpa/", "local_name"),
    ("https://home.arpa/", "local_name"),
    ("https://metadata.google.internal/", "local_name"),
    ("https://kubernetes.default.svc/", "local_name"),
    ("https://api.default.svc.cluster.local/", "local_name"),
    ("https://hidden.onion/", "local_name"),
    ("https://good.test@127.0.0.1/", "userinfo"),
    ("https://user@good.test/", "userinfo"),
    ("https://user:secret@good.test/", "userinfo"),
    ("https://good.test:443@127.0.0.1:8080/", "userinfo"),
    ("https://good.test%2f@127.0.0.1/", "userinfo"),
    ("https://127.0.0.1#@good.test/", "fragment"),
    ("https://good.test/#frag", "fragment"),
    ("https://good.test/#", "fragment"),
    ("https://good.test\\@127.0.0.1/", "bad_character"),
    ("https://127.0.0.1\\.good.test/", "bad_character"),
    ("https://good.test\r\nX: y/", "bad_character"),
    ("https://good\t.test/", "bad_character"),
    (" https://good.test/", "bad_character"),
    ("https://good.test/\n", "bad_character"),
    ("https://good.test/a b", "bad_character"),
    ("https://good.test/\xa0", "bad_character"),
    ("https://good.test/?q=\u2028", "bad_character"),
    ("https://good.test/?q=\ud800", "bad_character"),
    ("https://good.test/<script>", "bad_character"),
    ("https://a.com/%zz", "bad_character"),
    ("https://a.com/?q=100%", "bad_character"),
    ("https://good.test:0/", "port"),
    ("https://good.test:22/", "port"),
    ("https://good.test:80/", "port"),
    ("https://good.test:1023/", "port"),
    ("https://good.test:65536/", "port"),
    ("https://good.test:000443/", "port"),
    ("https://good.test:٨٠/", "port"),
    ("https://good.test:-1/", "port"),
    ("https://a.com:443:443/", "port"),
    ("https:good.test/", "malformed"),
    ("https:/good.test/", "malformed"),
    ("//good.test/", "malformed"),
    ("good.test/hooks", "malformed"),
    ("https:///good.test/", "host"),
    ("https://", "host"),
    ("https://:443/", "host"),
    ("http://good.test/", "scheme"),
    ("ftp://good.test/", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("gopher://good.test/", "scheme"),
    ("https://xn--/", "host"),
    ("https://a..b/", "host"),
    ("https://example.com..", "host"),
    ("https://-a.test/", "host"),
    ("https://a-.test/", "host"),
    ("https://a_b.test/", "host"),
    ("https://" + "a" * 64 + ".test/", "host"),
    ("https://" + "a." * 130 + "test/", "host"),
    ("https://good%00.test/", "host"),
    ("https://127.0.0.1%2523.good.test/", "host"),
    ("https://good.test" + "/a" * 1100, "too_long"),
    ("https://good.test/" + "ü" * 1000, "too_long"),
    ("https://good.com:000443/", "port"),
    ("https://good.com:+443/", "port"),
    ("https://good.com:4_43/", "port"),
    ("https://good.com:\uff18\uff14\uff14\uff13/", "port"),
    ("https://good.com:8443x/", "port"),
    ("https://good.com:443@/", "userinfo"),
    ("https://@good.com/", "userinfo"),
    ("https://:@good.com/", "userinfo"),
    ("https://good.com\uff20evil.com/", "host"),
    ("https://good.com\uff0f.evil.com/", "host"),
    ("https://good.com\uff1fevil.com/", "host"),
    ("https://good.com\uff03.evil.com/", "host"),
    ("https://good.com\uff1a8443/", "host"),
    ("https://good.com\u2044.evil.com/", "host"),
    ("https://evil.c\u2100.good.com/", "host"),
    ("https://good.com\u200d.evil.com/", "host"),
    ("https://\u202egood.com/", "host"),
    ("https://\U0001f4a9.la/", "host"),
    ("https://good.com;evil.com/", "host"),
    ("https://good.com,evil.com/", "host"),
    ("https://good.com&evil.com/", "host"),
    ("https://(good).com/", "host"),
    ("https://good.com$/", "host"),
    ("https://*.good.com/", "host"),
    ("https://good.com%2eevil.com/", "host"),
    ("https://%67ood.com/", "host"),
    ("https://.good.com/", "host"),
    ("https://.../", "host"),
    ("https://" + ".".join(["a" * 63] * 4) + "/", "host"),
    ("https://xn--a/", "host"),
    ("https://xn--0.com/", "host"),
    ("https://XN--/", "host"),
    ("https://[]/", "host"),
    ("https://[::1]:443:443/", "port"),
    ("https://[[::1]]/", "host"),
    ("https://[::1/", "host"),
    ("https://::1/", "host"),
    ("https://[v1.fe80::a]/", "host"),
    ("https://[::ffff:7f00:1]/", "ip_literal"),
    ("https://[64:ff9b::a9fe:a9fe]/", "ip_literal"),
    ("https://[fd00:ec2::254]/", "ip_literal"),
    ("https://169.254.169.254/latest/meta-data/", "ip_literal"),
    ("https://0x7f000001/", "host"),
    ("https://0x7f.0x0.0x0.0x1/", "host"),
    ("https://017700000001/", "host"),
    ("https://127.0.0.01/", "host"),
    ("https://127.0.0.256/", "host"),
    ("https://127.0.0/", "host"),
    ("https://a.1/", "host"),
    ("https://good.com.0x1/", "host"),
    ("https://\u0661.\u0662.\u0663.\u0664/", "host"),
    ("https://\U0001d7cf.\U0001d7d0.\U0001d7d1.\U0001d7d2/", "ip_literal"),
    ("javascript:alert(1)", "malformed"),
    ("data:text/html,x", "malformed"),
    ("jar:https://good.com!/", "malformed"),
    ("https\u003a\uff0f\uff0fgood.com/", "malformed"),
    ("ht\ttps://good.com/", "bad_character"),
    ("https://good.com/\x00", "bad_character"),
    ("https://good.com/\x7f", "bad_character"),
    ("https://good.com/\x85", "bad_character"),
    ("https://good.com/`id`", "bad_character"),
    ('https://good.com/"', "bad_character"),
    ("https://good.com/{x}", "bad_character"),
    ("https://good.com/|", "bad_character"),
    ("https://good.com/^", "bad_character"),
    ("https:\\\\good.com/", "bad_character"),
    ("https://good.com/%", "bad_character"),
    ("https://good.com/%4", "bad_character"),
    ("https://good.com/%u0041", "bad_character"),
    ("https://good.com?x#y", "fragment"),
    ("unix:///var/run/docker.sock", "scheme"),
    ("ssh://good.com/", "scheme"),
    ("httpss://good.com/", "scheme"),
    ("ws://good.com/", "scheme"),
    ("1https://good.com/", "malformed"),
    ("https://foo.internal./", "local_name"),
    ("https://METADATA.GOOGLE.INTERNAL/", "local_name"),
    ("https://vault.home/", "local_name"),
    ("https://x.lan/", "local_name"),
    ("https://x.intranet/", "local_name"),
    ("https://x.private/", "local_name"),
    ("https://x.localdomain/", "local_name"),
    ("https://\uff4cocalhost/", "local_name"),
    ("https://host.docker.internal/", "local_name"),
    ("https://b\u00fccher.ourselves.io/", "loop"),
    ("https://xn--bcher-kva.ourselves.io/", "loop"),
    ("https://api\u3002hooks\u3002ourselves\u3002io/", "loop"),
    ("https://api.hooks.ourselves.io/", "loop"),
    ("https://API.hooks.ourselves.io.:8443/", "loop"),
    ("https://ours.example.net/", "loop"),
    ("https://any.ours.example.net/", "loop"),
]

CANONICAL = [
    # Means nothing anywhere, so it means nothing else here: how to try a DNS failure.
    ("https://nobody.invalid/", "https://nobody.invalid/"),
    ("https://good.com/x?y=1", "https://good.com/x?y=1"),
    ("HTTPS://GOOD.com/Path", "https://good.com/Path"),
    ("https://GOOD.com:443/", "https://good.com/"),
    ("https://good.com:/", "https://good.com/"),
    ("https://good.test:/", "https://good.test/"),
    ("HTTPS://GOOD.test/", "https://good.test/"),
    ("https://good.test/%0d%0aX:y", "https://good.test/%0d%0aX:y"),
    ("https://\u0430.com/", "https://xn--80a.com/"),
    ("https://XN--80A.com/", "https://xn--80a.com/"),
    ("https://faceboo\u212a.com/", "https://facebook.com/"),
    ("https://go\u00adod.com/", "https://good.com/"),
    ("https://good\uff0ecom/", "https://good.com/"),
    ("https://123.com/", "https://123.com/"),
    ("https://1-2.com/", "https://1-2.com/"),
    ("https://127.0.0.1.nip.io/", "https://127.0.0.1.nip.io/"),
    ("https://" + "a" * 63 + ".com/", "https://" + "a" * 63 + ".com/"),
    ("https://good.com/?", "https://good.com/?"),
    ("https://good.com/;a=b,c!$&'()*+", "https://good.com/;a=b,c!$&'()*+"),
    ("https://good.com/[x]", "https://good.com/[x]"),
    ("https://good.com/%2e%2e/", "https://good.com/%2e%2e/"),
    ("https://not-ours.example.net/", "https://not-ours.example.net/"),
    ("https://hooks.ourselves.io/", "https://hooks.ourselves.io/"),
    ("https://good.com", "https://good.com/"),
    ("https://good.com.:8443/a", "https://good.com:8443/a"),
    ("https://good.com:8080/", "https://good.com:8080/"),
    ("https://good.com:08443/", "https://good.com:8443/"),
    ("https://good.com:1024/", "https://good.com:1024/"),
    ("https://good.com:65535/", "https://good.com:65535/"),
    ("https://hooks.example.test/", "https://hooks.example.test/"),
    ("https://hooks.example.com/", "https://hooks.example.com/"),
    ("https://hooks.example/", "https://hooks.example/"),
    ("https://localtest.me/", "https://localtest.me/"),
    (
        "https://bücher.example.com/ü",
        "https://xn--bcher-kva.example.com/%C3%BC",
    ),
    ("https://faß.de/", "https://xn--fa-hia.de/"),
    ("https://ex\u0430mple.com/", "https://xn--exmple-4nf.com/"),
    ("https://xn--80ak6aa92e.com/", "https://xn--80ak6aa92e.com/"),
    ("https://a.com//evil/../x", "https://a.com//evil/../x"),
    ("https://a.com/%0d%0aX:y", "https://a.com/%0d%0aX:y"),
    ("https://a.com?x", "https://a.com/?x"),
    ("https://a.com/a@b?c@d", "https://a.com/a@b?c@d"),
    ("https://1.2.3.4.5.com/", "https://1.2.3.4.5.com/"),
    ("https://0x7f.com/", "https://0x7f.com/"),
]

OPENED = [
    ("http://127.0.0.1/", "http://127.0.0.1/"),
    ("http://127.0.0.1:80/", "http://127.0.0.1/"),
    ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
    ("https://127.0.0.2:8443/", "https://127.0.0.2:8443/"),
    ("https://[::1]:8443/", "https://[::1]:8443/"),
    ("https://[0:0:0:0:0:0:0:1]/", "https://[::1]/"),
    ("http://hooks.example.test/", "http://hooks.example.test/"),
]

STILL_REFUSED = [
    ("http://10.0.0.1/", "ip_literal"),
    ("http://8.8.8.8/", "ip_literal"),
    ("http://169.254.169.254/latest/meta-data", "ip_literal"),
    ("http://[::]/", "ip_literal"),
    ("http://localhost:8000/", "local_name"),
    ("http://127.0.0.1:22/", "port"),
    ("https://127.0.0.1:80/", "port"),
    ("http://127.1/", "host"),
    ("ws://127.0.0.1/", "scheme"),
]


def refused_code(url, rules):
    with pytest.raises(BadTargetUrl) as raised:
        canonical_url(url, rules)
    assert str(raised.value).endswith(".")
    return raised.value.code


@pytest.mark.parametrize(("url", "code"), REFUSED)
def test_a_url_that_may_not_be_called_is_refused(url, code):
    assert refused_code(url, PUBLIC_ONLY) == code


@pytest.mark.parametrize(
    "value", [None, 7, True, b"https://good.com/", ["https://a.b/"]]
)
def test_what_is_not_text_is_refused(value):
    assert refused_code(value, PUBLIC_ONLY) == "required"


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_a_url_has_one_form(url, canonical):
    assert canonical_url(url, PUBLIC_ONLY) == canonical


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_the_canonical_form_is_stable(url, canonical):
    assert canonical_url(canonical, PUBLIC_ONLY) == canonical


@pytest.mark.parametrize(("url", "canonical"), OPENED)
def test_an_operator_may_open_networks_and_http(url, canonical):
    assert canonical_url(url, LOOPBACK_OPENED) == canonical


@pytest.mark.parametrize(("url", "code"), STILL_REFUSED)
def test_an_opened_network_opens_nothing_else(url, code):
    assert refused_code(url, LOOPBACK_OPENED) == code


def test_a_message_is_one_sentence_for_people():
    with pytest.raises(BadTargetUrl, match=r"^The URL must start with https://\.$"):
        canonical_url("http://good.com/", UrlRules())


def test_the_longest_url_fits():
    url = "https://good.com/".ljust(2048, "a")

    assert canonical_url(url, PUBLIC_ONLY) == url


ON_PREMISE = UrlRules(
    addresses=AddressPolicy(
        allowed=parse_networks(["10.0.0.0/8", "fd12::/16"]),
        denied=parse_networks(["10.9.0.0/16"]),
    ),
    own_hosts=("10.0.0.5", "[fd12::5]", "10.9.0.1"),
)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://10.0.0.5/", "loop"),
        ("https://10.0.0.5:8443/", "loop"),
        ("https://[fd12:0::5]:8443/", "loop"),
        ("https://10.9.0.2/", "ip_literal"),
        ("https://11.0.0.5/", "ip_literal"),
    ],
)
def test_an_opened_network_with_ourselves_in_it_leads_to_no_loop(url, code):
    assert refused_code(url, ON_PREMISE) == code


def test_our_neighbours_in_an_opened_network_may_be_called():
    assert canonical_url("https://10.0.0.6/", ON_PREMISE) == "https://10.0.0.6/"
    assert canonical_url("https://[fd12::6]/", ON_PREMISE) == "https://[fd12::6]/"
