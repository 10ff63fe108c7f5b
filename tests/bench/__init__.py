"""How fast the product is, measured from outside: ``make bench``.

Real processes, real sockets, databases that reach the disk. docs/benchmarks.md says what
each table means. Linux only: processor time is read from /proc.
"""
