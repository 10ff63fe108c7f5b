"""Keeps a group of workers at work: looks for signs of life, restarts what is silent.

It never sends, claims or records: what is under way is safe in its rows.
"""
