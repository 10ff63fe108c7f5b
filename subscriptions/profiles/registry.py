"""Which profiles exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subscriptions.profiles.alloy import ALLOY
from subscriptions.profiles.alvys import ALVYS
from subscriptions.profiles.supplierxm import SUPPLIERXM

if TYPE_CHECKING:
    from subscriptions.profiles.definition import Profile

_PROFILES = {known.name: known for known in (ALVYS, ALLOY, SUPPLIERXM)}


class ProfileExists(ValueError):
    """Another profile has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is another profile named {name!r}.")


class UnknownProfile(LookupError):
    """No profile has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no profile named {name!r}.")
        self.name = name


def register(new: Profile) -> None:
    """Make one more profile known; again changes nothing. Raises ProfileExists."""
    if _PROFILES.setdefault(new.name, new) is not new:
        raise ProfileExists(new.name)


def profile(name: str) -> Profile:
    """Return the profile of that name, or raise UnknownProfile."""
    try:
        return _PROFILES[name]
    except KeyError:
        raise UnknownProfile(name) from None


def is_known(name: str) -> bool:
    return name in _PROFILES


def all_profiles() -> tuple[Profile, ...]:
    return tuple(_PROFILES.values())
