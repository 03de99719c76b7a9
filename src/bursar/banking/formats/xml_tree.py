"""Strict XML for formats that are XML (Flex, camt): expat with line numbers and without a DTD.

A document type declaration is refused outright, so there are no entities to expand and nothing
external to read.
"""

from xml.parsers import expat

from bursar.banking.formats.ofx.tree import DEPTH_MAX, NODES_MAX, Node
from bursar.banking.formats.problems import refusal


class XmlNode(Node):
    """An element with attributes; `tag` keeps its case and has no namespace prefix."""

    __slots__ = ("attributes",)

    def __init__(self, tag: str, line: int, attributes: dict[str, str]) -> None:
        super().__init__(tag, line)
        self.attributes = attributes


def parse_xml(data: bytes) -> XmlNode:
    """Return the root element. Raises FormatError for XML that is not well formed or has a DTD."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack: list[XmlNode] = []
    root: list[XmlNode] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if count > NODES_MAX or len(stack) > DEPTH_MAX:
            raise refusal("too_large", "the file has too many or too deep elements", line=line)
        node = XmlNode(name.rpartition(":")[2], line, attributes)
        if stack:
            stack[-1].children.append(node)
        else:
            root.append(node)
        stack.append(node)

    def end(name: str) -> None:
        del name
        stack.pop()

    def text(content: str) -> None:
        if stack:
            stack[-1].text = f"{stack[-1].text}{content}".strip()

    def doctype(*declared: object) -> None:
        del declared
        line = parser.CurrentLineNumber
        raise refusal("entity_declaration", "the file declares a document type", line=line)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes this flag by position only
    except (expat.ExpatError, ValueError, LookupError) as error:
        line = parser.CurrentLineNumber
        message = f"the XML is not well formed: {error}"
        hint = "Download the file again."
        raise refusal("not_xml", message, line=line, hint=hint) from None
    return root[0]
