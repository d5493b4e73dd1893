"""Texts of strangers (names of files, words in a result) made safe to show on one line."""

from __future__ import annotations

import unicodedata

_NOT_SHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of what moves the cursor, turns the writing round or cannot be written."""
_JOINERS = "\u200c\u200d"
"""Of Persian and Indic words and of emoji: harmless."""


def escaped(text: str) -> str:
    r"""Return `text` on one line, with control characters as escapes such as ``\x1b``.

    Terminals obey control characters: a file name could clear the screen, write over the lines
    above or rename the window. Format characters (which turn the direction of writing), line
    separators and lone surrogates (undecodable bytes of file names) become escapes too.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _NOT_SHOWN and character not in _JOINERS
        else character
        for character in text
    )


def encodable(text: str) -> str:
    """Return `text` with undecodable bytes of a file name shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
