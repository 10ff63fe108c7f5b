"""A filter as fields: rows of a path and its values, or JSON as a whole."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _

from subscriptions.filters import MAX_PATHS, BadFilter, refuse_malformed
from subscriptions.spoken import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TEXT = 20_000
# Rows that stand there empty; the others unfold.
SPARE = 2
# In quotes, with whatever stands in them; or up to the next comma.
_WORD = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"|[^,]*+),?')
# What PostgreSQL takes in no text.
_UNSAYABLE = re.compile("[\0\ud800-\udfff]")


class Row(NamedTuple):
    """*values* as somebody types them."""

    path: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True)
class FilterEntry:
    """What was entered. *text*, JSON, goes before the rows."""

    rows: tuple[Row, ...] = ()
    text: str = ""

    @classmethod
    def of(cls, wanted: Mapping[str, list[Any]] | None) -> FilterEntry:
        rows = (Row(path, in_words(values)) for path, values in (wanted or {}).items())
        return cls(tuple(rows))

    @property
    def shown(self) -> list[Row]:
        """The rows that are filled, and one more to fill."""
        empty = max(1, SPARE - len(self.rows))
        return [*self.rows, *([Row()] * empty)][: max(MAX_PATHS, len(self.rows))]

    @property
    def folded(self) -> list[Row]:
        """As many more as a filter may have."""
        return [Row()] * (MAX_PATHS - len(self.shown))


class FilterInput(forms.Widget):
    """Drawn by its template, which the page includes."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> FilterEntry:
        paths, values = data.getlist(f"{name}_path"), data.getlist(f"{name}_values")
        typed = zip(map(str.strip, paths), map(str.strip, values), strict=False)
        rows = tuple(Row(*row) for row in typed if any(row))
        return FilterEntry(rows, data.get(f"{name}_json", "").strip())


class BoundFilter(forms.BoundField):
    @property
    def entry(self) -> FilterEntry:
        """What was entered, or what is kept, as rows."""
        value = self.value()
        return value if isinstance(value, FilterEntry) else FilterEntry.of(value)


class FilterField(forms.Field):
    """Becomes what is kept: paths with their values; None without any."""

    widget = FilterInput

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundFilter:
        return BoundFilter(form, self, field_name)

    def to_python(self, value: Any) -> dict[str, list[Any]] | None:
        wanted = _from_json(value.text) if value.text else _from_rows(value.rows)
        try:
            refuse_malformed(wanted)
        except BadFilter as error:
            raise forms.ValidationError(spoken(error)) from None
        if not _is_sayable(wanted):
            raise forms.ValidationError(_("A value is not a plain text or number."))
        return wanted or None


def in_words(values: Iterable[Any]) -> str:
    """As *values_of* reads them: text needs quotes only where it could be mistaken."""
    return ", ".join(map(_word, values))


def _word(value: Any) -> str:
    if isinstance(value, str) and values_of(value) == [value]:
        return value
    return json.dumps(value, ensure_ascii=False)


def values_of(words: str) -> list[Any]:
    """Numbers, true, false and null are that; text that looks alike stands in quotes."""
    found = [match[1].strip() for match in _WORD.finditer(words)]
    return [_value(word) for word in found if word]


def _value(word: str) -> Any:
    try:
        value = json.loads(word, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return word
    return word if isinstance(value, dict | list) else value


def _from_rows(rows: Iterable[Row]) -> dict[str, list[Any]]:
    wanted: dict[str, list[Any]] = {}
    for path, words in rows:
        # Longer than any filter may be: not worth reading.
        if len(words) > MAX_TEXT:
            raise forms.ValidationError(_("This is too long."))
        if not path or not (values := values_of(words)):
            raise forms.ValidationError(_("A condition needs a path and a value."))
        if path in wanted:
            message = _("%s stands twice; put its values into one row.") % path
            raise forms.ValidationError(message)
        wanted[path] = values
    return wanted


def _from_json(text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise forms.ValidationError(_("This is too long."))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = _("This is not JSON.")
        raise forms.ValidationError(message) from None


def _is_sayable(wanted: Mapping[str, list[Any]]) -> bool:
    texts = [*wanted, *(each for values in wanted.values() for each in values)]
    return all(
        not _UNSAYABLE.search(each)
        if isinstance(each, str)
        else not isinstance(each, float) or math.isfinite(each)
        for each in texts
    )
