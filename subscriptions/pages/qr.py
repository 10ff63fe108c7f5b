"""A QR code as the path of an SVG: dark squares, for a page that allows no images."""

from __future__ import annotations

from dataclasses import dataclass

import segno


@dataclass(frozen=True, slots=True)
class QrCode:
    size: int
    path: str


def qr_code(text: str) -> QrCode:
    # Four light squares around it belong to the code: readers need them.
    rows = list(segno.make_qr(text, error="m").matrix_iter(border=4))
    squares = [
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return QrCode(size=len(rows), path="".join(squares))
