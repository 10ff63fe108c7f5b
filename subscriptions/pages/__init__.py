"""Pages for people, outside the tables of the admin."""
