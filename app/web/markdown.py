"""Comments in Markdown: emphasis, lists, code, quotes, links. All else is shown as people wrote it.

The parser is in Python and takes its time for each mark. So a text with very many of them, and what stands on
a page after very many, is shown as it was written.
"""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from app.web.hyperlinks import safe_url
from contract import limits

MARKS = "\n!#$%&*+-:<=>@[\\]^_`{}~"
"""Where the parser stops to look; between them it jumps."""
STRETCH = 300
"""Characters that a bracket counts once more for: the parser may look for its link through the whole text."""
MOST_WORK = 2_000
"""Marks of one text that is formatted."""
MOST_OF_A_PAGE = 10_000
"""Marks of all texts of one answer."""
LINK_ATTRIBUTES = {"rel": "noopener noreferrer nofollow"}


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Let only plain web addresses become links."""
        return safe_url(url) is not None


@cache
def _parser() -> MarkdownIt:
    """Return the parser: no HTML, no images, links to http and https only, no headings in a timeline."""
    parser = _Parser("commonmark", {"html": False, "breaks": True, "linkify": False})
    parser.disable(["image", "html_block", "html_inline", "heading", "lheading", "hr", "reference"])
    return parser


def work(text: str) -> int:
    """Return what it takes to format a text, in marks."""
    return sum(map(text.count, MARKS)) + text.count("[") * (len(text) // STRETCH)


def plain(text: str) -> Markup:
    """Return a text as it was written, as HTML."""
    return Markup("<p>{}</p>").format(Markup("<br>\n").join(escape(text).split("\n")))


def render(text: str) -> Markup:
    """Return Markdown as HTML that is safe to show, whoever wrote it; as it was written if it is too much."""
    if len(text) > limits.TEXT or work(text) > MOST_WORK:
        return plain(text)
    tokens = _parser().parse(text)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs |= LINK_ATTRIBUTES
    # The parser escapes all text, knows no HTML and lets no other scheme through; see its tests.
    return Markup(_parser().renderer.render(tokens, _parser().options, {}))  # noqa: S704
