"""Resources: addresses (bursar://, payments://) that read through the same operations as the tools."""

import re
from dataclasses import dataclass, field

from mcp.types import Resource, ResourceTemplate

from bursar.runtime.actor import Actor
from bursar.runtime.registry import operations

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class ResourceRule:
    """One address (with {variables}) and the operation behind it."""

    address: str
    operation: str
    title: str
    fixed: dict[str, str] = field(default_factory=dict)

    def match(self, address: str) -> dict[str, str] | None:
        """Return the variables when `address` has this rule's form."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/?#]{1,200})", re.escape(self.address))
        found = re.fullmatch(pattern, address)
        return None if found is None else found.groupdict()


RULES = (
    ResourceRule("bursar://portfolio/summary", "portfolio.summary", "Portfolio summary"),
    ResourceRule("bursar://portfolio/positions", "portfolio.positions", "Positions with lots"),
    ResourceRule("bursar://portfolio/performance", "portfolio.performance", "Performance measures"),
    ResourceRule("bursar://portfolio/drift", "portfolio.drift", "Allocation against targets"),
    ResourceRule("bursar://accounts", "ledger.list_accounts", "Accounts with balances"),
    ResourceRule("bursar://accounts/{account_id}", "ledger.get_account", "One account"),
    ResourceRule(
        "bursar://accounts/{account_id}/transactions",
        "banking.search_transactions",
        "Transactions of one account",
    ),
    ResourceRule("bursar://quotes/{ticker}", "market.get_price", "Latest price of one instrument"),
    ResourceRule("payments://history", "payments.list_payments", "Payments, newest first"),
    ResourceRule(
        "payments://status/{payment_id}", "payments.check_payment_status", "One payment's state"
    ),
    ResourceRule("bursar://figures/{figure_id}", "portfolio.explain", "How a figure came about"),
)


def rules_for(actor: Actor) -> list[ResourceRule]:
    """Return the rules whose operation exists and whose scope the actor holds."""
    known = operations()
    return [
        rule
        for rule in RULES
        if (operation := known.get(rule.operation)) is not None
        and (operation.scope is None or actor.may(operation.scope))
    ]


def resources(actor: Actor) -> list[Resource]:
    """Return the fixed addresses an actor may read."""
    return [
        Resource(
            uri=rule.address,
            name=rule.operation,
            title=rule.title,
            description=operations()[rule.operation].summary,
            mime_type=JSON_TYPE,
        )
        for rule in rules_for(actor)
        if "{" not in rule.address
    ]


def templates(actor: Actor) -> list[ResourceTemplate]:
    """Return the addresses with variables an actor may read."""
    return [
        ResourceTemplate(
            uri_template=rule.address,
            name=rule.operation,
            title=rule.title,
            description=operations()[rule.operation].summary,
            mime_type=JSON_TYPE,
        )
        for rule in rules_for(actor)
        if "{" in rule.address
    ]
