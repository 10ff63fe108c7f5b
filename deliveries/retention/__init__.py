"""What has expired is deleted, in batches: each in a transaction of its own, with a
pause after it. Nothing else is: what is not finished stays, whatever its age.
"""
