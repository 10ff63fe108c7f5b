"""The one door to the network: sends a request to an address that has been vetted.

It keeps one deadline and one byte budget over everything a receiver can do, and it
reports what happened as values. It never decides what an answer means, never stores,
never follows a redirect, and knows nothing of Django.
"""
