"""Claims what is due, sends it, records what happened.

Rows are the queue: whatever dies here, a lease runs out and the row is due again. The
hot path is SQL that SQLite and PostgreSQL read alike; `statements` knows the rest.
"""
