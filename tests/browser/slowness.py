"""Pages as over a poor line: late, and their parts one after the other."""

from __future__ import annotations

import time

from django.core.servers.basehttp import ServerHandler

# Seconds before each part of an answer.
PAUSE = 0.2
# Headings come alone: who waits for one has nothing else yet.
CUTS = (b"</h1>", b"</main>", b"</body>")

write = ServerHandler.write


def answer_in_pieces(patch):
    """Have the live servers of this process do so."""
    patch.setattr(ServerHandler, "write", _write_in_pieces)


def _write_in_pieces(handler, data):
    first, *others = _pieces(data)
    # Assets come in many blocks: one pause is enough for all.
    if not handler.headers_sent:
        time.sleep(PAUSE)
    write(handler, first)
    for piece in others:
        handler._flush()
        time.sleep(PAUSE)
        write(handler, piece)


def _pieces(data):
    begin = 0
    for cut in CUTS:
        if (end := data.find(cut, begin)) >= 0:
            yield data[begin : end + len(cut)]
            begin = end + len(cut)
    yield data[begin:]
