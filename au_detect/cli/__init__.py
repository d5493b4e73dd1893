"""The command ``au-detect``: parse, call what the library offers, print."""
