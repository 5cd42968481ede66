"""Somebody else's function: called as it would be called, on problems made to break it.

It takes something that can be called and gives a report; where the function runs is the caller's business.
"""
