"""The whole product on one machine, with a receiver and a story, to be watched.

Nothing here is part of a deployment.
"""
