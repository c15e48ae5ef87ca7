from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.render.escape import code_lines, markdown, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("body_mass_g", "body_mass_g"),
        ("p < 0.001 and x > 2", "p < 0.001 and x > 2"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("a|b", "a\\|b"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("![x](http://e.org/y.png)", "!\\[x\\](http&#58;//e.org/y.png)"),
        ("javascript:alert(1)", "javascript&#58;alert(1)"),
        ("see www.e.org", "see www&#46;e.org"),
        ("# heading", "\\# heading"),
        ("> quote", "\\> quote"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("0.35", "0.35"),
        ("---", "\\---"),
        ("`code` *x* ~y~ $z$", "\\`code\\` \\*x\\* \\~y\\~ \\$z\\$"),
        ("two\nlines\tand tab", "two lines and tab"),
        ("right\u202eleft", "right\\\\u202eleft"),
        ("bell\x07 esc\x1b[31m", "bell\\\\u0007 esc\\\\u001b\\[31m"),
    ],
)
def test_text_of_others_is_shown_literally(text, shown):
    assert markdown(text) == shown


@settings(deadline=None, max_examples=300)
@given(st.text())
def test_no_text_breaks_a_line_a_cell_or_a_tag(text):
    shown = markdown(text)
    assert "\n" not in shown and "\r" not in shown
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in shown)
    assert not any(shown[at : at + 1] == "|" and shown[at - 1 : at] != "\\" for at in range(len(shown)))
    assert plain(plain(text)) == plain(text)


def test_a_program_is_shown_line_by_line_as_it_is_with_what_is_invisible_made_visible():
    code = "\ndef f():\n\treturn '\x1b[31m' # \u202eno\r\n\n```\n"
    assert list(code_lines(code)) == [
        "    def f():",
        "            return '\\u001b[31m' # \\u202eno\\u000d",
        "",
        "    ```",
    ]
