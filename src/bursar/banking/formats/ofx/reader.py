"""OFX files to statements: which answers are in the file, and what the bank said about each.

A file may hold several statements, an error in the place of a statement, or nothing but the proof
that signing on worked. The last two are refused with the bank's own code and words.
"""

from bursar.banking.formats.draft import AccountDraft, assemble
from bursar.banking.formats.ofx import bank, header, investments
from bursar.banking.formats.ofx.securities import SecurityList
from bursar.banking.formats.ofx.tree import Node, parse_tree
from bursar.banking.formats.ofx.values import parse_stamp
from bursar.banking.formats.problems import FormatError, Problem, ProblemLog, refusal
from bursar.banking.formats.statement import AccountKind, Format, Statement

_BANKING = {
    "BANKMSGSRSV1": ("STMTTRNRS", "STMTRS", "BANKACCTFROM"),
    "CREDITCARDMSGSRSV1": ("CCSTMTTRNRS", "CCSTMTRS", "CCACCTFROM"),
}
_INVESTMENT = ("INVSTMTTRNRS", "INVSTMTRS", "INVACCTFROM")
_WITHOUT_STATEMENTS = frozenset({"SIGNONMSGSRSV1", "SECLISTMSGSRSV1", "PROFMSGSRSV1"})
_STATEMENT_PARTS = frozenset(
    [
        "CURDEF",
        "BANKACCTFROM",
        "CCACCTFROM",
        "BANKTRANLIST",
        "LEDGERBAL",
        "AVAILBAL",
        "INVACCTFROM",
        "DTASOF",
        "INVTRANLIST",
        "INVPOSLIST",
        "INVBAL",
        "MKTGINFO",
        "CASHADVBALAMT",
        "INTRATE",
        "BALLIST",
        "REWARDINFO",
        "CLOSINGMSG",
        "INV401K",
        "INV401KBAL",
        "INVOOLIST",
    ]
)
_PENDING = frozenset({"BANKTRANLISTP", "CCTRANLISTP"})


def read_ofx(data: bytes) -> tuple[Statement, tuple[Problem, ...]]:
    """Read an OFX 1.x or 2.x file. Raises FormatError when it holds no statement."""
    log = ProblemLog()
    body = header.split(data)
    tree = parse_tree(body.text, body.line, log)
    ofx = tree.find("OFX")
    if ofx is None or not ofx.children:
        code, message = "empty_file", "the <OFX> element is empty: the file holds no statement"
        raise refusal(code, message, line=body.line, hint="Choose a longer period and download.")
    notes = [f"OFX version {body.version}"] if body.version else []
    securities = SecurityList(ofx, log)
    failures: list[Problem] = []
    drafts: list[AccountDraft] = []
    institution = ofx.get("SIGNONMSGSRSV1", "SONRS", "FI", "ORG") or None
    for draft, statement, account in _statements(ofx, log, failures):
        draft.institution = institution
        bank.read_account_head(draft, statement, account)
        if draft.kind is AccountKind.BROKERAGE:
            draft.institution = institution or account.get("BROKERID") or None
            investments.read(draft, statement, securities)
            if statement.find("INV401K") or statement.find("INV401KBAL"):
                draft.kind = AccountKind.RETIREMENT
        else:
            bank.read_rows(draft, statement.find("BANKTRANLIST"))
            bank.read_balances(draft, statement)
        _warn_about_parts(statement, log)
        drafts.append(draft)
    if not drafts:
        raise _no_statement(ofx, failures, log)
    for failure in failures:
        log.add(failure.line, failure.code, failure.message, field=failure.field)
    _check_server_date(ofx, log)
    notes.extend(_ignored_leaves(ofx))
    return assemble(Format.OFX, drafts, notes), log.done()


def _statements(
    ofx: Node, log: ProblemLog, failures: list[Problem]
) -> list[tuple[AccountDraft, Node, Node]]:
    """Return a draft, the statement and its account element for each statement in the file."""
    found = []
    for message_set in ofx.children:
        if message_set.tag in _BANKING:
            answer, body, owner = _BANKING[message_set.tag]
            kind = AccountKind.UNKNOWN
        elif message_set.tag == "INVSTMTMSGSRSV1":
            answer, body, owner = _INVESTMENT
            kind = AccountKind.BROKERAGE
        else:
            if message_set.tag not in _WITHOUT_STATEMENTS:
                code, message = "unsupported", f"<{message_set.tag}> was left out: it is not known"
                log.add(message_set.line, code, message, field=message_set.tag)
            continue
        for child in message_set.children:
            if child.tag != answer:
                code, message = "unsupported", f"<{child.tag}> was left out: it is not known"
                log.add(child.line, code, message, field=child.tag)
                continue
            statement = child.find(body)
            failure = _failure(child)
            if failure is not None:
                failures.append(failure)
            if statement is not None:
                account = statement.find(owner) or Node(owner, statement.line)
                found.append((AccountDraft(log, kind=kind), statement, account))
    return found


def _failure(answer: Node) -> Problem | None:
    """Return the bank's refusal, when the answer is one."""
    status = answer.find("STATUS")
    if status is None or status.get("SEVERITY").upper() != "ERROR":
        return None
    code, words = status.get("CODE")[:10], status.get("MESSAGE")[:200]
    return Problem(
        line=status.line,
        field="STATUS",
        code="bank_error",
        message=f"the bank answered with error {code}: {words or 'no message'}",
        hint="Try the download again later, or ask the bank what the code means.",
    )


def _no_statement(ofx: Node, failures: list[Problem], log: ProblemLog) -> FormatError:
    """Return the truest reason why there is nothing to import."""
    sign_on = ofx.find("SIGNONMSGSRSV1", "SONRS")
    refused = _failure(sign_on) if sign_on is not None else None
    if failures or refused is not None:
        return FormatError([*([refused] if refused else []), *failures])
    if log.errors:
        return FormatError(log.done())
    if sign_on is not None:
        words = sign_on.get("STATUS", "MESSAGE")[:100]
        said = f" ({words})" if words else ""
        return refusal(
            "no_statement",
            f"the file only says that signing on worked{said}; it holds no statement",
            line=sign_on.line,
            hint="Download the transactions of an account.",
        )
    return refusal("no_statement", "the file holds no statement", line=ofx.line)


def _warn_about_parts(statement: Node, log: ProblemLog) -> None:
    for part in statement.children:
        if part.tag in _PENDING:
            message = "pending transactions were left out: they come again when they are booked"
            log.assume(part.line, "pending_row", message, field=part.tag)
        elif part.tag not in _STATEMENT_PARTS and (part.text or part.children):
            log.add(
                part.line,
                "unknown_part",
                f"<{part.tag}> of the statement is not known and was left out",
                field=part.tag,
            )


def _check_server_date(ofx: Node, log: ProblemLog) -> None:
    node = ofx.find("SIGNONMSGSRSV1", "SONRS", "DTSERVER")
    if node is None or not node.text:
        return
    try:
        parse_stamp(node.text)
    except ValueError as error:
        log.assume(node.line, "bad_date", f"the server's date: {error}", field="DTSERVER")
        return
    if ":" in node.text.partition("[")[0]:
        message = f"the server's date {node.text[:40]!r} has a colon where OFX has a point"
        log.assume(node.line, "odd_time", message, field="DTSERVER")


def _ignored_leaves(ofx: Node) -> list[str]:
    """Name the elements of bank rows that carry something the model has no place for."""
    counts: dict[str, int] = {}
    stack = [ofx]
    while stack:
        node = stack.pop()
        if node.tag == "STMTTRN":
            for leaf in node.children:
                if leaf.tag not in bank.KNOWN_LEAVES and (leaf.text or leaf.children):
                    counts[leaf.tag] = counts.get(leaf.tag, 0) + 1
        else:
            stack.extend(node.children)
    return [
        f"<{tag}> has no place in Bursar: left out {n} times" for tag, n in sorted(counts.items())
    ][:100]
