"""OFX text to a tree, tolerant of what banks send: leaf tags without end tags, empty ones, both.

SGML files do not close their leaves (`<CODE>0<SEVERITY>INFO`), some close some of them, and an
empty unclosed leaf looks like the start of a group. The end tags that are there decide: whatever
is still open inside a group when that group ends was a leaf, and what it seems to contain is moved
out behind it. There is no DTD and no entity beyond the five of XML and character references, so
nothing external is read and nothing expands.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bursar.banking.formats.problems import ProblemLog, refusal

NODES_MAX = 3_000_000
DEPTH_MAX = 100

_TEXT_MAX = 20_000
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9_.:-]{0,63})(?:\s[^<>]*?)?(?P<empty>/?)>"
)
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->", "<!": ">", "<?": ">"}
_REPEATED = frozenset({"STMTTRN", "INVPOS", "STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "BAL"})
"""Groups that never hold themselves: a second one starts where a sloppy file forgot to end one."""


@dataclass(slots=True)
class Node:
    """An element: a leaf has text, a group has children. `cut` marks one the file never ended."""

    tag: str
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)
    cut: bool = False

    def find(self, *path: str) -> "Node | None":
        """Return the first element at the path of tags below this one."""
        node: Node | None = self
        for tag in path:
            if node is None:
                return None
            node = next((c for c in node.children if c.tag == tag), None)
        return node

    def all(self, tag: str) -> list["Node"]:
        """Return the direct children with a tag."""
        return [c for c in self.children if c.tag == tag]

    def get(self, *path: str) -> str:
        """Return the text of the leaf at the path, or an empty string."""
        node = self.find(*path)
        return node.text if node is not None else ""


def parse_tree(text: str, line: int, log: ProblemLog) -> Node:
    """Build the tree below a root node; `line` is the line on which `text` starts in its file.

    Raises FormatError for entity declarations, too many elements or too deep a nesting.
    """
    if re.search("<!ENTITY", text, re.IGNORECASE):
        code, message = "entity_declaration", "the file declares entities, which no statement needs"
        raise refusal(code, message, hint="Download the file from the bank again.")
    root = Node("", line)
    stack = [root]
    count = 0
    for tag, raw in _tokens(text):
        if tag is None:
            _take_text(stack[-1], raw)
        else:
            count += 1
            if count > NODES_MAX:
                code, message = "too_large", f"the file has more than {NODES_MAX} elements"
                raise refusal(code, message, line=line)
            if tag["end"]:
                _close(stack, tag["name"].upper(), line, log)
            else:
                _open(stack, Node(tag["name"].upper(), line), line)
                if tag["empty"]:
                    stack.pop()
        line += raw.count("\n")
    for node in stack[1:]:
        node.cut = True
    if len(stack) > 1:
        log.add(
            line,
            "cut_off",
            f"the file ends inside <{stack[-1].tag}>",
            hint="Download it again; what comes after this point is missing.",
        )
    return root


def _tokens(text: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Give (tag or None for text, the raw characters) in one pass over the text.

    A comment or CDATA section that never ends swallows the rest, which the tree reports as cut off.
    """
    at = 0
    while at < len(text):
        start = text.find("<", at)
        if start < 0:
            start = len(text)
        if start > at:
            yield None, text[at:start]
            at = start
            continue
        opener = next((mark for mark in _ENDS if text.startswith(mark, at)), None)
        if opener is not None:
            end = text.find(_ENDS[opener], at + len(opener))
            if end < 0:
                return
            end += len(_ENDS[opener])
            yield None, text[at:end]
            at = end
            continue
        tag = _TAG.match(text, at)
        if tag is None:
            yield None, "<"
            at += 1
        else:
            yield tag, tag.group()
            at = tag.end()


def _take_text(node: Node, raw: str) -> None:
    """Add to a leaf's text; comments and instructions are none, CDATA is taken as it is."""
    if raw.startswith("<![CDATA["):
        value = raw[len("<![CDATA[") : -len("]]>")]
    elif raw.startswith(("<!", "<?")):
        return
    else:
        value = html.unescape(raw) if "&" in raw else raw
    if node.tag and not node.children and len(node.text) < _TEXT_MAX:
        node.text = f"{node.text}{value[:_TEXT_MAX]}".strip()


def _open(stack: list[Node], node: Node, line: int) -> None:
    if stack[-1].text:
        stack.pop()
    if node.tag in _REPEATED:
        open_at = next((i for i in range(len(stack) - 1, 0, -1) if stack[i].tag == node.tag), 0)
        if open_at:
            del stack[open_at:]
    if len(stack) > DEPTH_MAX:
        code, message = "too_deep", f"elements are nested more than {DEPTH_MAX} deep"
        raise refusal(code, message, line=line)
    stack[-1].children.append(node)
    stack.append(node)


def _close(stack: list[Node], tag: str, line: int, log: ProblemLog) -> None:
    index = next((i for i in range(len(stack) - 1, 0, -1) if stack[i].tag == tag), 0)
    if not index:
        log.assume(line, "stray_end_tag", f"</{tag}> ends nothing")
        return
    while len(stack) > index + 1:
        leaf = stack.pop()
        if leaf.children:
            # The leaf was empty and unclosed: what followed it belongs beside it.
            stack[-1].children.extend(leaf.children)
            leaf.children = []
    stack.pop()
