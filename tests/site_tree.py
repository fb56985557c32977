"""Pages as trees of elements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "rect", "path", "line"})


@dataclass
class Node:
    """One element: its name, its attributes, its elements and texts in order."""

    tag: str
    attributes: dict[str, str]
    content: list[Node | str] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        return [part for part in self.content if isinstance(part, Node)]

    @property
    def text(self) -> str:
        return "".join(part for part in self.content if isinstance(part, str))

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, tag: str, **attributes: str) -> list[Node]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            node
            for node in self.walk()
            if node.tag == tag and wanted.items() <= node.attributes.items()
        ]

    def with_class(self, name: str) -> list[Node]:
        return [n for n in self.walk() if name in n.attributes.get("class", "").split()]

    @property
    def all_text(self) -> str:
        parts = (part if isinstance(part, str) else part.all_text for part in self.content)
        return " ".join(" ".join(parts).split())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def tree_of(page: Path | str | bytes) -> Node:
    """The element tree of a page; every element that needs an end has one."""
    data = page.read_bytes() if isinstance(page, Path) else page
    parser = _Parser()
    parser.feed(data.decode("utf-8") if isinstance(data, bytes) else data)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is never closed"
    return parser.root


BLOCKS = frozenset(
    {"h1", "h2", "h3", "p", "li", "tr", "dt", "dd", "summary", "pre", "figcaption", "caption"}
)

LISTS = frozenset({"ul", "ol", "table", "dl"})


def outline(node: Node) -> list[str]:
    """What a reader without style sheets reads: one line a block, a table's cells beside each
    other, links with where they lead.
    """
    lines: list[str] = []
    _outline(node, lines)
    return [line for line in lines if line.strip(" -|")]


def _outline(node: Node, lines: list[str]) -> None:
    if node.tag in ("head", "script", "svg", "style"):
        return
    nested = node.children
    if node.tag in BLOCKS:
        separator = " | " if node.tag == "tr" else ""
        lines.append(f"{node.tag:10} {' '.join(_inline(node, separator).split())}".rstrip())
        nested = [child for child in node.children if child.tag in LISTS]
    for child in nested:
        _outline(child, lines)


def _inline(node: Node, separator: str = "") -> str:
    if node.tag == "svg" or (node.tag in LISTS):
        return ""
    parts = [part if isinstance(part, str) else _inline(part) for part in node.content]
    text = separator.join(part for part in parts if part.strip() or not separator)
    href = node.attributes.get("href")
    return f"[{' '.join(text.split())}]({href})" if href is not None else text
