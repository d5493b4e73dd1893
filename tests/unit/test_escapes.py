import pytest

from au_detect.escapes import escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("Zoë's 顔 👩‍👦.png", "Zoë's 顔 👩‍👦.png"),
        ("\x1b]0;owned\x07\x1b[2Jx", r"\x1b]0;owned\x07\x1b[2Jx"),
        ("a\r\nb\tc\x7f", r"a\r\nb\tc\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("cod\u202egpj.exe", r"cod\u202egpj.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff.png", r"\udcff.png"),
    ],
)
def test_what_moves_the_cursor_or_turns_the_writing_becomes_an_escape(text, shown):
    assert escaped(text) == shown
    assert escaped(shown) == shown
    assert escaped(text).isprintable() or "‍" in text
