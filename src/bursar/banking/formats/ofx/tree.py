"""OFX text to a tree, tolerant of what banks send: leaf tags without end tags, empty ones, both.

SGML files do not close their leaves (`<CODE>0<SEVERITY>INFO`), some close some of them, and an
empty unclosed leaf looks like the start of a group. The end tags that are there decide: whatever
is still open inside a group when that group ends was a leaf, and what it seems to contain is moved
out behind it. There is no DTD and no entity beyond the five of XML and character references, so
nothing external is read and nothing expands.
"""

import html
import re
from dataclasses import dataclass, field

from bursar.banking.formats.problems import ProblemLog, refusal

NODES_MAX = 3_000_000
DEPTH_MAX = 100

_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|<!--.*?-->"
    r"|<[?!][^>]*>"
    r"|<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z0-9_.:-]{0,63})[^<>]*?(?P<empty>/?)>"
    r"|(?P<text>[^<]+|<)",
    re.DOTALL,
)
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
    if re.search(r"<!(ENTITY|DOCTYPE[^>]*\[)", text, re.IGNORECASE):
        code, message = "entity_declaration", "the file declares entities, which no statement needs"
        raise refusal(code, message, hint="Download the file from the bank again.")
    root = Node("", line)
    stack = [root]
    count = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        raw = match.group()
        if kind in {"text", "cdata"}:
            _take_text(stack[-1], match[kind], is_raw=kind == "cdata")
        elif match["tag"]:
            count += 1
            if count > NODES_MAX:
                code, message = "too_large", f"the file has more than {NODES_MAX} elements"
                raise refusal(code, message, line=line)
            if match["end"]:
                _close(stack, match["tag"].upper(), line, log)
            else:
                _open(stack, Node(match["tag"].upper(), line), line)
                if match["empty"]:
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


def _take_text(node: Node, text: str, *, is_raw: bool) -> None:
    if node.tag and not node.children and (node.text or not text.isspace()):
        value = text if is_raw or "&" not in text else html.unescape(text)
        node.text = f"{node.text}{value}".strip()


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
