"""The page of figures: each definition id, its formula and units."""

from bursar.interfaces.reference.markdown import code, table
from bursar.interfaces.reference.markdown import page as as_page
from bursar.portfolio.calc.definitions import DEFINITIONS


def page() -> str:
    """Return docs/reference/figures.md."""
    lead = (
        "Every figure names the definition it was computed by. An id ends in its version: a formula "
        "that changes gets a new version, and the old one keeps its meaning. Ratios are plain "
        "numbers, so 0.05 is 5 %. A figure that cannot be stated is null with a reason."
    )
    body = table(
        ("Definition", "Figure", "Formula", "Units", "Source"),
        (
            (code(d.id), d.title, d.formula, d.units.replace("_", " "), d.source)
            for d in DEFINITIONS.values()
        ),
    )
    return as_page("Figures", lead, [body])
