"""What payments are asked for and answer with. Amounts are decimal strings in major units."""

import datetime as dt
import json
import uuid
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from bursar.core.clock import Moment
from bursar.core.model import Model
from bursar.core.money import Amount
from bursar.payments.calc.states import PaymentStatus
from bursar.runtime.pages import PageRequest

NAME_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 500
REFERENCE_CHARACTERS_MAX = 100
REASON_CHARACTERS_MAX = 500
METADATA_KEYS_MAX = 50
METADATA_BYTES_MAX = 8_192

AccountName = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX, strip_whitespace=True)
]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MetadataValue = Annotated[str, StringConstraints(max_length=500)]
Metadata = dict[MetadataKey, MetadataValue]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class CaptureMethod(StrEnum):
    """Whether the amount is paid at once or held first."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class InitiatePayment(Model):
    """A payment to make: from one of your accounts to another, or to somebody outside."""

    payer_account: AccountName = Field(description="Account that pays: its name or id.")
    payee_account: AccountName | None = Field(
        None, description="Own account that is paid: its name or id; left out: somebody outside."
    )
    payee_name: AccountName | None = Field(
        None, description="Who is paid; needed when payee_account is left out."
    )
    amount: Amount = Field(description="Amount above zero, such as 12.34.")
    currency: str | None = Field(
        None, max_length=10, description="Its currency; left out: the payer account's."
    )
    method: Literal["balance"] = Field("balance", description="From the account's own balance.")
    capture_method: CaptureMethod = Field(
        CaptureMethod.AUTOMATIC, description="automatic: pay at once. manual: hold, capture later."
    )
    expires_at: Moment | None = Field(
        None, description="manual: when the hold ends by itself; default in 7 days."
    )
    description: str | None = Field(
        None, max_length=DESCRIPTION_CHARACTERS_MAX, description="What it is for."
    )
    reference: str | None = Field(
        None,
        min_length=1,
        max_length=REFERENCE_CHARACTERS_MAX,
        description="Your own number of it, such as an invoice's.",
    )
    metadata: Metadata | None = Field(
        None, max_length=METADATA_KEYS_MAX, description="Your own texts by name, 8 KiB in all."
    )

    @field_validator("metadata")
    @classmethod
    def _bounded(cls, value: Metadata | None) -> Metadata | None:
        if value is not None and len(json.dumps(value, ensure_ascii=False).encode()) > (
            METADATA_BYTES_MAX
        ):
            msg = f"metadata has at most {METADATA_BYTES_MAX} bytes as JSON"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _whole(self) -> "InitiatePayment":
        if self.payee_account is None and self.payee_name is None:
            msg = "name payee_account, or payee_name when somebody outside is paid"
            raise ValueError(msg)
        if self.expires_at is not None and self.capture_method is not CaptureMethod.MANUAL:
            msg = "expires_at needs capture_method manual: an automatic payment holds nothing"
            raise ValueError(msg)
        return self


class PaymentReference(Model):
    """Names one payment."""

    payment_id: uuid.UUID = Field(description="Id of the payment.")


class CapturePayment(PaymentReference):
    """How much of a held payment to capture."""

    amount: Amount | None = Field(
        None, description="Amount to capture; left out: all that is held."
    )
    final: bool = Field(
        default=True, description="Release the rest; false keeps it held for another capture."
    )


class ReleasePayment(PaymentReference):
    """A held payment to release."""

    reason: Reason | None = Field(None, description="Why, for the record.")


class ProcessRefund(PaymentReference):
    """How much of a payment to give back."""

    amount: Amount | None = Field(None, description="Amount to refund; left out: all that is left.")
    reason: Reason | None = Field(None, description="Why, for the record.")


class ReversePayment(PaymentReference):
    """A payment that should never have been."""

    reason: Reason = Field(description="Why, for the record.")


class Payment(Model):
    """A payment as it stands."""

    id: uuid.UUID = Field(description="Id of the payment.")
    status: PaymentStatus = Field(description="Where it stands.")
    amount: Amount = Field(description="Amount asked for.")
    currency: str = Field(description="Currency of every amount here.")
    authorized: Amount = Field(description="Reserved or paid.")
    captured: Amount = Field(description="Paid.")
    released: Amount = Field(description="Given back unpaid: released or expired.")
    on_hold: Amount = Field(description="Reserved and still to be captured or released.")
    refunded: Amount = Field(description="Paid and given back.")
    disputed: Amount = Field(description="Paid and in dispute.")
    capture_method: CaptureMethod = Field(description="automatic or manual.")
    method: str = Field(description="What it is paid with.")
    payer_account_id: uuid.UUID = Field(description="Account that pays.")
    payee_account_id: uuid.UUID | None = Field(description="Own account paid; null: outside.")
    payee_name: str | None = Field(description="Who is paid, as stated.")
    description: str | None = Field(description="What it is for.")
    reference: str | None = Field(description="Your own number of it.")
    metadata: Metadata | None = Field(description="Your own texts.")
    failure_code: str | None = Field(description="Why it failed.")
    expires_at: dt.datetime | None = Field(description="When what is on hold is released.")
    created_at: dt.datetime = Field(description="When it was made, in UTC.")
    changed_at: dt.datetime = Field(description="When it last changed.")
    idempotency_key: str | None = Field(description="Key of the request that made it.")


class PaymentRow(Payment):
    """A payment with the names of its accounts."""

    payer_account_name: str = Field(description="Name of the account that pays.")
    payee_account_name: str | None = Field(description="Name of the own account paid.")


class Refund(Model):
    """An amount of a payment given back."""

    id: uuid.UUID = Field(description="Id of the refund.")
    payment_id: uuid.UUID = Field(description="The payment.")
    amount: Amount = Field(description="Amount given back.")
    currency: str = Field(description="Its currency.")
    status: str = Field(description="succeeded, pending or failed.")
    reason: str | None = Field(description="Why.")
    created_at: dt.datetime = Field(description="When, in UTC.")
    actor_kind: str = Field(description="What kind of caller asked: person, token, agent, system.")
    user_id: uuid.UUID | None = Field(description="The person who asked, or for whom.")
    credential_id: uuid.UUID | None = Field(description="The credential it was asked with.")


class RefundResult(Refund):
    """A refund just made, and what is left of its payment."""

    payment_status: PaymentStatus = Field(description="Where the payment stands now.")
    refundable: Amount = Field(description="What can still be refunded.")


class PaymentEvent(Model):
    """One change of a payment."""

    at: dt.datetime = Field(description="When, in UTC.")
    kind: str = Field(
        description="paid, held, captured, released, expired, refunded, reversed, or a status."
    )
    status: PaymentStatus = Field(description="The status after it.")
    amount: Amount | None = Field(description="The amount it was about.")
    reason: str | None = Field(description="Why, where stated.")
    actor_kind: str = Field(description="Who did it: person, token, agent, system.")
    user_id: uuid.UUID | None = Field(description="The person, or for whom.")
    credential_id: uuid.UUID | None = Field(description="The credential used.")
    activity_id: uuid.UUID | None = Field(description="The activity in the book.")


class PaymentDetail(PaymentRow):
    """A payment with all that happened to it."""

    refundable: Amount = Field(description="What can still be refunded.")
    timeline: tuple[PaymentEvent, ...] = Field(description="Every change, oldest first.")
    refunds: tuple[Refund, ...] = Field(description="Its refunds, oldest first.")


class ListPayments(PageRequest):
    """Which payments to list; what is left out does not restrict."""

    statuses: tuple[PaymentStatus, ...] = Field((), max_length=12, description="Only these states.")
    account: AccountName | None = Field(
        None, description="Paid from or into this account: its name or id."
    )
    amount_min: Amount | None = Field(None, description="Smallest amount.")
    amount_max: Amount | None = Field(None, description="Largest amount.")
    currency: str | None = Field(None, max_length=10, description="Only this currency.")
    first_day: dt.date | None = Field(None, description="Made on this day or later.")
    last_day: dt.date | None = Field(None, description="Made on this day or earlier.")
    reference: str | None = Field(
        None, max_length=REFERENCE_CHARACTERS_MAX, description="Exactly this reference."
    )
    text: str | None = Field(
        None, max_length=NAME_CHARACTERS_MAX, description="Part of payee or description."
    )


class ExpiredPayments(Model):
    """What the expiry of holds did."""

    expired: int = Field(description="Payments whose hold was released.")
