"""Two signatures over the same bytes. The bytes themselves: tests/contracts."""

from __future__ import annotations

import pytest

from deliveries.wire.signing import Content, platform_signature, standard_signature
from subscriptions.signing_keys import SigningKey

CURRENT = SigningKey("whsec_" + "AAAA" * 10 + "AAA=")
PREVIOUS = SigningKey("whsec_" + "BBBB" * 10 + "BBA=")
OLDEST = SigningKey("whsec_" + "CCCC" * 10 + "CCA=")
CONTENT = Content("evt_1", 1763712000, b'{"a":1}')


def test_the_current_key_signs_first_the_previous_after_it():
    (time, *alone), (_, *both) = (
        platform_signature(keys, CONTENT).split(",")
        for keys in ([CURRENT], [CURRENT, PREVIOUS])
    )

    assert time == "t=1763712000"
    assert [part[:3] for part in both] == ["v1=", "v0="]
    assert both[0] == alone[0]
    assert standard_signature([CURRENT, PREVIOUS], CONTENT).split() == [
        standard_signature([CURRENT], CONTENT),
        standard_signature([PREVIOUS], CONTENT),
    ]


def test_the_platforms_signature_has_room_for_two():
    three = platform_signature([CURRENT, PREVIOUS, OLDEST], CONTENT)

    assert three == platform_signature([CURRENT, PREVIOUS], CONTENT)


@pytest.mark.parametrize("sign", [platform_signature, standard_signature])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(CONTENT._replace(event_id="evt_2"), id="id"),
        pytest.param(CONTENT._replace(timestamp=1763712001), id="timestamp"),
        pytest.param(CONTENT._replace(body=b'{"a": 1}'), id="body"),
    ],
)
def test_everything_is_signed(sign, other):
    signature = sign([CURRENT], CONTENT).rpartition(",")[2]

    assert sign([CURRENT], other).rpartition(",")[2] != signature


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__])
def test_a_key_does_not_print_itself(show):
    assert show(CURRENT) == "SigningKey()"
