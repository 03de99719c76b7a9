"""Kraken's asset codes: `XXBT` is BTC, `ZUSD` is USD, `XETH.S` and `ETH2.S` are staked ETH."""

FIAT = frozenset(["USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY"])

_RENAMED = {"XBT": "BTC", "XDG": "DOGE", "ETH2": "ETH"}
_PREFIXED = frozenset(
    [
        "XXBT",
        "XETH",
        "XETC",
        "XLTC",
        "XMLN",
        "XREP",
        "XXDG",
        "XXLM",
        "XXMR",
        "XXRP",
        "XZEC",
        "ZUSD",
        "ZEUR",
        "ZGBP",
        "ZCAD",
        "ZAUD",
        "ZJPY",
        "ZCHF",
        "ZKRW",
    ]
)
"""The codes that carry Kraken's old one-letter prefix; ZETA and XION only look like it."""
_HOLD = frozenset({"HOLD", "S", "M", "F", "B", "P", "T"})
_QUOTES = [
    "ZUSD",
    "ZEUR",
    "ZGBP",
    "ZCAD",
    "ZAUD",
    "ZJPY",
    "ZCHF",
    "XXBT",
    "XETH",
    "USDT",
    "USDC",
    "PYUSD",
    "RLUSD",
    "USD",
    "EUR",
    "GBP",
    "CAD",
    "AUD",
    "CHF",
    "JPY",
    "XBT",
    "BTC",
    "ETH",
    "DAI",
]


def asset_code(code: str) -> str:
    """Return the usual code of a Kraken asset; suffixes of staked or held forms are dropped."""
    bare, _, suffix = code.strip().upper().partition(".")
    if suffix and suffix not in _HOLD:
        bare = code.strip().upper()
    if suffix == "S" and bare not in _RENAMED:
        # Bonded forms carry their term in days: DOT28.S.
        bare = bare.rstrip("0123456789") or bare
    if bare in _PREFIXED:
        bare = bare[1:]
    return _RENAMED.get(bare, bare)


def split_pair(pair: str) -> tuple[str, str] | None:
    """Return (base, quote) of a pair such as `XXBTZUSD`, `ETHUSDT` or `ADA/EUR`."""
    text = pair.strip().upper()
    if "/" in text:
        base, _, quote = text.partition("/")
        return (asset_code(base), asset_code(quote)) if base and quote else None
    for quote in _QUOTES:
        if text.endswith(quote) and len(text) > len(quote) + 1:
            return asset_code(text[: -len(quote)]), asset_code(quote)
    return None
