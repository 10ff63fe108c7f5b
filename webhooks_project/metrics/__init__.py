"""What Prometheus reads: rows of the database, and what this web server counted."""
