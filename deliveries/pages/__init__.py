"""Pages for people that show what was delivered, and do something about it."""
