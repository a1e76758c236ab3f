"""What creators write, as HTML: Markdown without raw HTML and pictures, sanitised once more after."""

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h3", "h4", "h5", "h6"}


def as_html(text: str) -> Markup:
    """Sanitised HTML of Markdown; "# Title" is an <h3>, links of other schemes than the web's and mail's lose theirs."""
    import nh3

    rendered = nh3.clean(
        _markdown().render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
    )
    return Markup(rendered.strip())  # noqa: S704  (sanitised above)


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

    def lower_headings(state: StateCore) -> None:
        for token in state.tokens:
            if token.type in {"heading_open", "heading_close"}:
                token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
    markdown.core.ruler.push("lower_headings", lower_headings)
    return markdown
