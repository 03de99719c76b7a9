"""An activity with everything that was posted of it: what an export writes and an import reads."""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedActivity:
    """One activity of the book; amounts and quantities in major units, as they were posted."""

    id: uuid.UUID
    kind: str
    effective_at: dt.datetime
    account_id: uuid.UUID
    counter_account_id: uuid.UUID | None
    instrument_id: uuid.UUID | None
    quantity: Decimal | None
    unit_price: Decimal | None
    currency: str | None
    amount: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    counter_instrument_id: uuid.UUID | None
    counter_quantity: Decimal | None
    counter_amount: Decimal | None
    counter_currency: str | None
    ratio: tuple[int, int] | None
    source: str
    external_id: str | None
    content_hash: bytes | None
    import_id: uuid.UUID | None
    payee: str | None
    memo: str | None
    category: str | None
    lot_choice: tuple[tuple[str, Decimal], ...]
    metadata: dict[str, Any]
    own_category: str | None
    note: str | None
    tags: tuple[str, ...]
