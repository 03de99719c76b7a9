"""Terms of a policy as planning uses them: keys and instruments are ids, everything is checked."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from bursar.core.errors import InvalidInput
from bursar.portfolio.calc.allocation import ONE, ZERO, Band, check_targets
from bursar.portfolio.models.targets import BandWidth, PolicyTerms
from bursar.portfolio.view.view import ACCOUNT, INSTRUMENT

DEFAULT_BAND = Band()
CASH_PREFIX = "cash:"


def check_terms(terms: PolicyTerms) -> None:
    """Refuse terms that no portfolio can meet; the error names the field. Raises BadTargets too."""
    check_targets(terms.targets)
    for field in ("cash_floor", "minimum_trade", "fee_fixed"):
        if getattr(terms, field) < 0:
            raise InvalidInput(f"{field} must not be negative", field=field)
    for field in ("tax_rate_short", "tax_rate_long", "fee_rate"):
        rate: Decimal | None = getattr(terms, field)
        if rate is not None and not 0 <= rate < 1:
            raise InvalidInput(
                f"{field} is {rate}; a rate lies between 0 and 1",
                field=field,
                hint='Write 15 % as "0.15".',
            )
    if (terms.tax_rate_short is None) != (terms.tax_rate_long is None):
        raise InvalidInput(
            "give both tax rates or none",
            field="tax_rate_long" if terms.tax_rate_long is None else "tax_rate_short",
        )
    cap = terms.asset_weight_max
    if cap is not None and not 0 < cap <= 1:
        raise InvalidInput(
            f"asset_weight_max is {cap}; it lies above 0 and at most at 1", field="asset_weight_max"
        )
    for field, band in (("band", terms.band), *((f"bands.{k}", b) for k, b in terms.bands.items())):
        if any(width is not None and width < 0 for width in (band.absolute, band.relative)):
            raise InvalidInput("a band must not be negative", field=field)
    unknown = sorted(set(terms.bands) - set(terms.targets))
    if unknown:
        raise InvalidInput(
            f"there is a band for {unknown[0]!r}, which has no target", field=f"bands.{unknown[0]}"
        )


def check_assets(terms: PolicyTerms, key_of: Mapping[str, str]) -> None:
    """Check the weights within keys; `key_of` says to which key each named instrument belongs."""
    if terms.assets and terms.taxonomy in (ACCOUNT, INSTRUMENT):
        raise InvalidInput(f"targets by {terms.taxonomy} leave nothing to divide", field="assets")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for instrument, share in terms.assets.items():
        key = key_of[instrument]
        if key not in terms.targets:
            raise InvalidInput(
                f"{instrument} belongs to {key!r}, which has no target",
                field=f"assets.{instrument}",
                hint=f"Add {key!r} to targets, or leave the instrument out.",
            )
        if not 0 <= share <= 1:
            raise InvalidInput("a weight lies between 0 and 1", field=f"assets.{instrument}")
        sums[key] += share
    for key, total in sums.items():
        if total != ONE:
            raise InvalidInput(
                f"the weights within {key!r} sum to {total}, not to 1",
                field="assets",
                hint="Name every instrument of the key, so that the weights sum to 1.",
            )


def band_of(terms: PolicyTerms, key: str) -> Band:
    """Return the band of a key."""
    chosen = terms.bands.get(key, terms.band)
    if chosen.absolute is None and chosen.relative is None:
        chosen = terms.band
    return as_band(chosen)


def as_band(width: BandWidth) -> Band:
    """Return a band; without any width it is the default one."""
    if width.absolute is None and width.relative is None:
        return DEFAULT_BAND
    return Band(width.absolute, width.relative)


def cash_target(terms: PolicyTerms, is_cash: Mapping[str, bool]) -> Decimal:
    """Return the summed target of the keys that are cash."""
    return sum((w for key, w in terms.targets.items() if is_cash.get(key, False)), ZERO)
