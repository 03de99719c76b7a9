"""A few payments of the made-up household, made on the day the demo is set up.

Payments happen when they are made, so they lie after the demo's prices and change no figure of it.
"""

from typing import Any

from bursar.interfaces.demo.plan import CHECKING

RENT: dict[str, Any] = {
    "payer_account": CHECKING,
    "payee_name": "Maple Street Apartments",
    "amount": "1850.00",
    "description": "Rent",
    "reference": "RENT-APT-12",
}
HOTEL: dict[str, Any] = {
    "payer_account": CHECKING,
    "payee_name": "Seaside Hotel",
    "amount": "480.00",
    "capture_method": "manual",
    "description": "Three nights, held until checkout",
    "reference": "BOOKING-7731",
}
FIRST_NIGHT: dict[str, Any] = {"amount": "160.00", "final": False}
GROCERIES: dict[str, Any] = {
    "payer_account": CHECKING,
    "payee_name": "Green Grocer",
    "amount": "64.20",
    "description": "Groceries",
}
MISSING_ITEMS: dict[str, Any] = {"amount": "14.20", "reason": "Two items were missing"}
