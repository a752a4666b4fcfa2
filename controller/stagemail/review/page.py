"""What is in an HTML part: elements, links with their text, styles, the text that readers see; with line and column.

Not here: what is wrong with it (``links``, ``wording``, ``css``). Source: HTML Standard, tokenization.
"""

from dataclasses import dataclass, field

from turbohtml import TokenType, tokenize

from stagemail.review.message import TEXT_LIMIT

UNSEEN = frozenset({"style", "script", "title", "template", "noscript"})
BREAKING = frozenset(
    {"br", "p", "div", "td", "th", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"}
)
MOST_ELEMENTS = 50_000


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag. Attribute names are in lower case; of two with one name the first counts."""

    tag: str
    attributes: dict[str, str]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text and where it begins."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Link:
    """An ``<a>`` with the text inside it."""

    element: Element
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What readers see, images by their alt."""
        return " ".join(" ".join(self.pieces).split())


@dataclass(slots=True)
class Page:
    """Everything of a part that the rules look at."""

    elements: list[Element] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    styles: list[Passage] = field(default_factory=list)
    has_doctype: bool = False
    has_comments: bool = False
    whole: bool = True

    @property
    def text(self) -> str:
        """The text that readers see."""
        return "".join(passage.text for passage in self.passages)


def read_page(html: str) -> Page:
    """Read a part's HTML; at most ``TEXT_LIMIT`` characters and ``MOST_ELEMENTS`` elements."""
    page = Page(whole=len(html) <= TEXT_LIMIT)
    inside = ""
    link: Link | None = None
    for token in tokenize(html[:TEXT_LIMIT]):
        if token.type is TokenType.START_TAG:
            tag = token.tag or ""
            element = Element(
                tag, dict(reversed([(k, v or "") for k, v in token.attrs or ()])), token.line, token.col + 1
            )
            page.elements.append(element)
            if len(page.elements) >= MOST_ELEMENTS:
                page.whole = False
                break
            inside = tag if tag in UNSEEN and not token.self_closing else inside
            link = _opened(page, element, link)
        elif token.type is TokenType.END_TAG:
            tag = token.tag or ""
            inside = "" if tag == inside else inside
            link = None if tag == "a" else link
            if tag in BREAKING:
                page.passages.append(Passage("\n", token.line, token.col + 1))
        elif token.type is TokenType.TEXT and token.data:
            _text(page, Passage(token.data, token.line, token.col + 1), inside, link)
        elif token.type is TokenType.COMMENT:
            page.has_comments = True
        elif token.type is TokenType.DOCTYPE:
            page.has_doctype = True
    return page


def _opened(page: Page, element: Element, link: Link | None) -> Link | None:
    if element.tag == "a":
        link = Link(element)
        page.links.append(link)
    elif element.tag == "img" and link is not None:
        link.pieces.append(element.attributes.get("alt", ""))
    if element.tag in BREAKING:
        page.passages.append(Passage("\n", element.line, element.column))
    return link


def _text(page: Page, passage: Passage, inside: str, link: Link | None) -> None:
    if inside == "style":
        page.styles.append(passage)
    elif not inside:
        page.passages.append(passage)
        if link is not None and len(link.pieces) < 100:
            link.pieces.append(passage.text[:1000])
