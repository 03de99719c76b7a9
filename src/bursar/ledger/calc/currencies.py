"""Decimal places of currencies: ISO 4217 for money, the customary places for coins used as cash.

Source: ISO 4217 list one (minor units); coins: the smallest unit their own networks know, held to
the 18 places the book can carry.
"""

from dataclasses import dataclass

_TWO_PLACES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNH CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
    "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
    "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL "
    "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST "
    "XCD XCG YER ZAR ZMW ZWG ZWL"
)
_NO_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_PLACES = "CLF UYW"

ISO_EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO_PLACES.split(), 2),
    **dict.fromkeys(_NO_PLACES.split(), 0),
    **dict.fromkeys(_THREE_PLACES.split(), 3),
    **dict.fromkeys(_FOUR_PLACES.split(), 4),
}
"""Decimal places of each ISO 4217 currency: JPY 0, USD 2, KWD 3."""

COIN_EXPONENTS: dict[str, int] = {
    "BTC": 8,
    "BCH": 8,
    "LTC": 8,
    "DOGE": 8,
    "ETH": 18,
    "BNB": 18,
    "DAI": 18,
    "SOL": 9,
    "XRP": 6,
    "ADA": 6,
    "USDT": 6,
    "USDC": 6,
    "EURC": 6,
    "PYUSD": 6,
}
"""Decimal places of coins that accounts hold as cash."""


@dataclass(frozen=True, slots=True)
class Currency:
    """A unit that cash is counted in: its code, decimal places, and commodity kind."""

    code: str
    exponent: int
    kind: str


def currency(code: str) -> Currency:
    """Return a currency by its upper-case code; raises ValueError when it is not known."""
    exponent = ISO_EXPONENTS.get(code)
    if exponent is not None:
        return Currency(code, exponent, "fiat")
    exponent = COIN_EXPONENTS.get(code)
    if exponent is not None:
        return Currency(code, exponent, "crypto")
    msg = f"{code[:20]!r} is not a currency code; use an ISO 4217 code such as USD"
    raise ValueError(msg)
