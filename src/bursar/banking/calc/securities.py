"""By which names the market should look for a thing that a file mentions.

The identifiers a file gives are used only where they have the form they claim to have; a thing
without any is known by the name its source uses, so that the same file finds it again.
"""

import hashlib
import re
from decimal import Decimal

from bursar.banking.formats.statement import Security, SecurityKind
from bursar.market.calc.matching import Scheme

VALUE_CHARACTERS_MAX = 80
OPTION_SIZE = Decimal(100)
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_CUSIP = re.compile(r"[A-Z0-9*@#]{9}")


def identifiers_of(security: Security, institution: str | None) -> dict[Scheme, str]:
    """Return the identifiers of a security, at least one."""
    found: dict[Scheme, str] = {}
    isin = (security.isin or "").upper().replace(" ", "")
    if _ISIN.fullmatch(isin):
        found[Scheme.ISIN] = isin
    cusip = (security.cusip or "").upper()
    if _CUSIP.fullmatch(cusip):
        found[Scheme.CUSIP] = cusip
    if security.symbol and len(security.symbol) <= VALUE_CHARACTERS_MAX:
        found[Scheme.TICKER] = security.symbol
    if not found:
        name = f"{institution or 'statement'}:{security.source_id or security.key}"
        if len(name) > VALUE_CHARACTERS_MAX:
            name = "statement:" + hashlib.sha256(name.encode()).hexdigest()[:40]
        found[Scheme.PROVIDER] = name
    return found


def contract_size(security: Security) -> Decimal:
    """Return the units one contract stands for: as stated, else 100 for options, as listed ones."""
    if security.multiplier is not None and security.multiplier > 0:
        return security.multiplier
    return OPTION_SIZE if security.kind is SecurityKind.OPTION else Decimal(1)


def is_crypto(security: Security) -> bool:
    """Tell whether the file says that this is a coin."""
    return security.kind is SecurityKind.CRYPTO
