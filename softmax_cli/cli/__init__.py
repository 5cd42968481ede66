"""The command line: options, commands, exits.

It sees every other room, and only it decides what a failure looks like.
"""
