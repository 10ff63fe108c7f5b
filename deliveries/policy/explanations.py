"""Why an attempt did not succeed, and what its owner can do about it, in words.

One text for each class of failure (`deliveries.policy.failure_texts`). The dashboard and
the API show the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deliveries.policy.failure_texts import (
    BY_CLASS,
    BY_KIND,
    BY_MESSAGE,
    BY_STATUS_CODE,
    CREDENTIALS_REFUSED,
    NOT_AN_ACKNOWLEDGEMENT,
    SKIPPED,
    STORE_FIRST,
    UNKNOWN,
    Explanation,
)
from subscriptions.profiles import SUCCESSFUL
from subscriptions.refusals import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Container


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, as far as it takes to explain it.

    *message* is the sentence that was stored with the attempt, *host* that of its URL;
    *success* and *stops_when_gone* are those of the webhook's policy.
    *showed_credentials*: the request had the Authorization that its owner chose.
    """

    status: str
    host: str
    status_code: int | None = None
    kind: str = ""
    message: str = ""
    success: Container[int] = SUCCESSFUL
    stops_when_gone: bool = True
    showed_credentials: bool = False


def explain(ending: Ending, *, say: Callable[[str], str] = str) -> Explanation | None:
    """None for a success: there is nothing to explain.

    *say* says one of our sentences, as it is or with its facts, in another language.
    """
    if ending.status == "success":
        return None
    text = _text_for(ending)
    words = {
        "code": ending.status_code,
        "host": ending.host,
        "message": say(ending.message),
        "store_first": say(STORE_FIRST),
        "acknowledged": _acknowledged(ending.success, say=say),
    }
    return Explanation(
        say(text.what).format(**words).strip(),
        say(text.remedy).format(**words).strip(),
    )


def _acknowledged(success: Container[int], *, say: Callable[[str], str]) -> str:
    codes = [code for code in range(100, 600) if code in success]
    first, last = codes[0], codes[-1]
    if len(codes) == 1:
        return say(sentence("the answer {code}")).format(code=first)
    if codes == [*range(first, last + 1)]:
        told = say(sentence("an answer from {first} to {last}"))
        return told.format(first=first, last=last)
    told = say(sentence("one of the answers {codes}"))
    return told.format(codes=", ".join(map(str, codes)))


def _text_for(ending: Ending) -> Explanation:
    if ending.status == "skipped":
        return SKIPPED
    if ending.status_code is None:
        by_kind = BY_KIND.get(ending.kind, UNKNOWN)
        return BY_MESSAGE.get(ending.message, by_kind)
    if ending.showed_credentials and ending.status_code in (401, 403):
        return CREDENTIALS_REFUSED
    by_class = BY_CLASS.get(ending.status_code // 100, NOT_AN_ACKNOWLEDGEMENT)
    # Where it stops nothing, 410 is one refusal of many.
    if ending.status_code == 410 and not ending.stops_when_gone:
        return by_class
    return BY_STATUS_CODE.get(ending.status_code, by_class)
