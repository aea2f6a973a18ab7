"""Comments in Markdown: emphasis, lists, code, quotes, links. All else is shown as people wrote it."""

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.incidents.links import safe_url

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


def render(text: str) -> Markup:
    """Return Markdown as HTML that is safe to show, whoever wrote it."""
    tokens = _parser().parse(text)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs |= LINK_ATTRIBUTES
    # The parser escapes all text, knows no HTML and lets no other scheme through; see its tests.
    return Markup(_parser().renderer.render(tokens, _parser().options, {}))  # noqa: S704
