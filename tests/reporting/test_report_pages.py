"""HTML and Markdown from the same blocks: whatever a name holds, the structure stays."""

from __future__ import annotations

import io
import re

import pytest
from page_check import check_page, read_page

from orchestrator.reporting import html_page, markdown_page
from orchestrator.reporting.blocks import (
    Block,
    Code,
    Facts,
    Figure,
    Items,
    Listing,
    Section,
    Strong,
    Table,
    aside,
    cells,
    paragraph,
)
from orchestrator.reporting.html_style import STYLE
from orchestrator.reporting.report import StudyReport
from orchestrator.reporting.secrets import cleaned, without_secrets
from orchestrator.reporting.shrinking import MOST_PIXELS, shrunk, size_of

NASTY = """</p><script>alert("x")</script> & 'a' | b_c *d* [e](f) `g` <img src=x>"""


def a_png(width: int = 300, height: int = 40) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def with_blocks(*blocks: Block, name: str = "made") -> StudyReport:
    section = Section("one", NASTY, blocks)
    return StudyReport(name, 0.0, NASTY, (NASTY, NASTY), ((NASTY, NASTY),), (section,))


EVERY = (
    paragraph(NASTY, Strong(NASTY), Code(NASTY)),
    aside(NASTY),
    Items(((NASTY,), (Code(NASTY),))),
    Facts(((NASTY, (NASTY,)),)),
    Table(NASTY, (NASTY, "n"), (cells(NASTY, "1"), cells("plain", "2")), frozenset({0}),
          frozenset({0})),
    Figure("picture", NASTY, NASTY, a_png()),
    Listing(f"{NASTY}\n```\n", "sh"),
)  # fmt: skip


def test_nothing_that_a_name_holds_becomes_a_tag() -> None:
    page = html_page.page(with_blocks(*EVERY))
    seen = check_page(page)
    # question twice (title, heading), answer 2, tile 2, section 1, contents 1, and the blocks
    expected = 2 + 2 + 2 + 2 + (3 + 1 + 2 + 2 + 3 + 1 + 1)
    assert " ".join(seen.text.split()).count(" ".join(NASTY.split())) == expected
    assert seen.images[0]["alt"] == NASTY


def test_markdown_holds_the_same_words_as_text() -> None:
    text = markdown_page.page(with_blocks(*EVERY))
    prose = re.sub(r"^(`{3,}).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"(`+) .*? \1", "", prose)  # in code marks signs mean nothing
    assert not re.search(r"(?<!\\)<(?!!)", prose)
    assert not re.search(r"(?<!\\)\[e(?<!\\)\]", prose)
    assert "b_c" in prose  # an underscore within a word is one


def test_markdown_is_what_a_reader_of_markdown_makes_of_it() -> None:
    """By markdown-it (which rich brings): no word of a name becomes emphasis, a link or HTML."""
    from markdown_it import MarkdownIt

    page = MarkdownIt("commonmark").enable("table").render(markdown_page.page(with_blocks(*EVERY)))
    seen = read_page(page)
    assert not {"script", "a"} & seen.tags
    assert len(seen.images) == 1
    assert "*d*" in seen.text
    assert 'alert("x")' in seen.text
    assert {"table", "blockquote", "ul", "pre", "strong", "code"} <= seen.tags


@pytest.mark.parametrize(
    ("block", "html", "markdown"),
    [
        (paragraph("a ", Strong("b"), Code("c")), "<p>a <strong>b</strong><code>c</code></p>",
         "a **b**`c`"),
        (aside("why"), '<p class="aside">why</p>', "> why"),
        (Items((("a",), ("b",))), "<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        (Listing("x < 1"), '<pre tabindex="0"><code>x &lt; 1</code></pre>', "```\nx < 1\n```"),
        (paragraph("# no heading"), "<p># no heading</p>", "\\# no heading"),
        (paragraph("1. no list"), "<p>1. no list</p>", "1\\. no list"),
        (Table("t", ("a", "b"), (cells("x|y", "1"),), frozenset({0}), frozenset({0})),
         '<tr class="strong"><td class="text">x|y</td><td>1</td></tr>',
         "| a | b |\n| :-- | --: |\n| **x\\|y** | **1** |"),
    ],
)  # fmt: skip
def test_each_block(block: Block, html: str, markdown: str) -> None:
    assert html in html_page.page(with_blocks(block))
    assert markdown in markdown_page.page(with_blocks(block))


def test_pictures_are_made_small() -> None:
    large = a_png(2 * MOST_PIXELS, 200)
    small = shrunk(large)
    assert size_of(small) == (MOST_PIXELS, 100)
    assert len(small) < len(large)
    assert shrunk(small) == small or len(shrunk(small)) < len(small)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hunter2@db/optuna", "postgresql://me:***@db/optuna"),
        ("at https://u:p%40ss@host:5000/x, again", "at https://u:***@host:5000/x, again"),
        ("postgresql+psycopg://me:a:b@db", "postgresql+psycopg://me:***@db"),
        ("redis://:hunter2@cache:6379", "redis://:***@cache:6379"),
        ("https://host/a?token=hunter2&x=1", "https://host/a?token=***&x=1"),
        ("sqlite:////tmp/optuna.db", "sqlite:////tmp/optuna.db"),
        ("https://host:5000/path", "https://host:5000/path"),
        ("mail me@host about http://x", "mail me@host about http://x"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_no_block_is_too_deep_for_a_password() -> None:
    secret = "postgresql://me:hunter2@db/x"
    blocks = (
        paragraph(secret, Code(secret)), Items(((secret,),)), Facts(((secret, (secret,)),)),
        Table(secret, (secret,), (cells(secret),)), Listing(secret),
        Figure("f", secret, secret, b""),
    )  # fmt: skip
    made = cleaned(StudyReport("s", 0.0, secret, (secret,), ((secret, secret),),
                               (Section("one", secret, blocks),)))  # fmt: skip
    assert "hunter2" not in repr(made)
    assert repr(made).count("me:***@db") == repr(made).count("postgresql://") > 10


def _luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_can_be_read_on_its_ground() -> None:
    """By WCAG 2.1 text wants a contrast of 4.5 to 1; in both colour schemes."""
    schemes = re.findall(r":root \{([^}]*)\}", STYLE)
    assert len(schemes) == 2
    for scheme in schemes:
        held = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
        for text in ("text", "soft", "link"):
            for ground in ("ground", "card", "strong"):
                dark, light = sorted((_luminance(held[text]), _luminance(held[ground])))
                assert (light + 0.05) / (dark + 0.05) >= 5.6
