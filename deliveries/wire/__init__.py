"""What goes over the wire, as values. Pure: bytes out, facts in.

Nothing here sends, stores or reads a clock.
"""
