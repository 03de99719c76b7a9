"""SECLIST: names, tickers and CUSIPs of what an investment statement refers to."""

from bursar.banking.formats.draft import AccountDraft
from bursar.banking.formats.ofx.money import currency_code
from bursar.banking.formats.ofx.tree import Node
from bursar.banking.formats.ofx.values import number
from bursar.banking.formats.problems import ProblemLog
from bursar.banking.formats.statement import SecurityKind

_KINDS = {
    "STOCKINFO": SecurityKind.STOCK,
    "MFINFO": SecurityKind.FUND,
    "DEBTINFO": SecurityKind.BOND,
    "OPTINFO": SecurityKind.OPTION,
    "OTHERINFO": SecurityKind.OTHER,
}


class SecurityList:
    """The securities of a file by (id type, id), listed in an account when a row names them."""

    def __init__(self, root: Node, log: ProblemLog) -> None:
        self._infos: dict[str, Node] = {}
        self._log = log
        for info in _infos(root):
            key = security_key(info.find("SECINFO", "SECID"))
            if key is None:
                log.assume(
                    info.line, "unnamed_security", f"<{info.tag}> has no SECID", field="SECID"
                )
                continue
            first = self._infos.setdefault(key, info)
            if first is not info:
                log.assume(
                    info.line,
                    "duplicate_security",
                    f"{key} is listed twice: as {_title(first)} and as {_title(info)}",
                    field="SECID",
                    hint="The first is taken; check which of them the rows mean.",
                )

    def hold(self, draft: AccountDraft, parent: Node) -> str | None:
        """List the security that `parent` names and return its key; a problem when it names none."""
        secid = parent.find("SECID")
        key = security_key(secid)
        if key is None:
            self._log.add(
                parent.line, "missing_security", f"<{parent.tag}> names no security", field="SECID"
            )
            return None
        info = self._infos.get(key)
        id_type, _, unique_id = key.partition(":")
        section = info.find("SECINFO") if info is not None else None
        if info is None or section is None:
            if key not in draft.securities:
                message = f"{key} is not in the file's list of securities"
                self._log.assume(parent.line, "unlisted_security", message, field="SECID")
            section = Node("SECINFO", parent.line)
        currency = section.get("CURRENCY", "CURSYM")
        return draft.hold(
            parent.line,
            key,
            kind=_KINDS.get(info.tag if info is not None else "", SecurityKind.OTHER),
            symbol=section.get("TICKER") or None,
            name=section.get("SECNAME") or None,
            cusip=unique_id if id_type == "CUSIP" else None,
            isin=unique_id if id_type == "ISIN" else None,
            source_id=unique_id,
            currency=currency_code(currency, section.line, self._log),
            multiplier=None if info is None else number(info, "SHPERCTRCT", self._log),
        )


def security_key(secid: Node | None) -> str | None:
    """Return `CUSIP:037833100`, or None where the element names nothing."""
    if secid is None or not secid.get("UNIQUEID"):
        return None
    return f"{secid.get('UNIQUEIDTYPE').upper() or 'ID'}:{secid.get('UNIQUEID')}"


def _infos(root: Node) -> list[Node]:
    found: list[Node] = []
    for message_set in root.all("SECLISTMSGSRSV1"):
        for child in message_set.children:
            lists = [child] if child.tag == "SECLIST" else child.all("SECLIST")
            found.extend(info for section in lists for info in section.children)
    return [info for info in found if info.tag in _KINDS]


def _title(info: Node) -> str:
    name, ticker = info.get("SECINFO", "SECNAME"), info.get("SECINFO", "TICKER")
    return f"{name[:40]!r} ({ticker[:20] or 'no ticker'})"
