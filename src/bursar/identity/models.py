"""What the operations of identity take and return. Secrets go in masked, and come out once."""

import datetime as dt
import re
import uuid
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from bursar.core.model import Model
from bursar.identity.calc.roles import Role
from bursar.identity.calc.spelling import CREDENTIAL_CHARACTERS_MAX
from bursar.identity.hashing import PASSWORD_BYTES_MAX
from bursar.runtime.pages import PageRequest

PASSWORD_CHARACTERS_MIN: Final = 8
TOKEN_DAYS_DEFAULT: Final = 90
TOKEN_DAYS_MAX: Final = 366
OVERLAP_MINUTES_MAX: Final = 30 * 24 * 60
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def _short_enough(password: SecretStr) -> SecretStr:
    """Refuse before hashing: Argon2 over megabytes would be a way to wear the server out."""
    if len(password.get_secret_value().encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX:
        msg = f"a password has at most {PASSWORD_BYTES_MAX} bytes"
        raise ValueError(msg)
    return password


def _long_enough(password: SecretStr) -> SecretStr:
    if len(password.get_secret_value()) < PASSWORD_CHARACTERS_MIN:
        msg = f"a password needs at least {PASSWORD_CHARACTERS_MIN} characters"
        raise ValueError(msg)
    return password


def _is_email(address: str) -> str:
    if EMAIL.fullmatch(address) is None:
        msg = "this is not an e-mail address"
        raise ValueError(msg)
    return address


Password = Annotated[SecretStr, AfterValidator(_short_enough)]
NewPassword = Annotated[SecretStr, AfterValidator(_short_enough), AfterValidator(_long_enough)]
SecretText = Annotated[SecretStr, Field(min_length=1, max_length=CREDENTIAL_CHARACTERS_MAX)]
Username = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64
    ),
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, max_length=254),
    AfterValidator(_is_email),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
ScopeName = Annotated[str, StringConstraints(max_length=64)]


class SignIn(Model):
    """An account and its password."""

    username: str = Field(min_length=1, max_length=254, description="User name or e-mail address.")
    password: Password = Field(description="The password, at most 1 KB.")
    workspace_id: uuid.UUID | None = Field(
        None, description="Workspace to sign in to; left out, the one joined first."
    )


class UseSignInLink(Model):
    """A one-time link's secret."""

    secret: SecretText = Field(description="The secret part of the sign-in link.")


class SignedIn(Model):
    """A new session. The token is shown this once."""

    token: str = Field(description="Session secret: send it as 'Authorization: Bearer <token>'.")
    token_type: str = Field("bearer", description="Always bearer.")
    session_id: uuid.UUID = Field(description="Id of the session.")
    expires_at: dt.datetime = Field(description="When the session ends at the latest.")
    workspace_id: uuid.UUID = Field(description="The workspace this session works in.")
    workspace_name: str = Field(description="Its name.")
    person_id: uuid.UUID = Field(description="Who signed in.")
    username: str = Field(description="Their user name.")
    role: Role = Field(description="Their role in the workspace.")
    has_password: bool = Field(description="False when a password is still to be chosen.")


class CreateSignInLink(Model):
    """Whom the link signs in."""

    person_id: uuid.UUID = Field(description="A person of this workspace.")
    hours: int = Field(24, ge=1, le=168, description="Hours until the link expires.")


class SignInLinkCreated(Model):
    """A one-time link. The secret is shown this once."""

    secret: str = Field(description="Give it to the person: it signs them in once.")
    expires_at: dt.datetime = Field(description="When it stops working.")


class SessionId(Model):
    """One session."""

    session_id: uuid.UUID = Field(description="Id of the session, from the list of sessions.")


class Session(Model):
    """A running session of the caller."""

    id: uuid.UUID = Field(description="Id of the session.")
    created_at: dt.datetime = Field(description="When it was opened.")
    last_seen_at: dt.datetime = Field(description="Last use, exact to a minute.")
    expires_at: dt.datetime = Field(description="When it ends at the latest.")
    way: str = Field(description="How it was opened: password, link or registration.")
    user_agent: str = Field(description="The browser or client, as it names itself.")
    address: str = Field(description="The IP address it was opened from.")
    current: bool = Field(description="True for the session that asks.")


class Profile(Model):
    """The caller: who they are and what they may do."""

    person_id: uuid.UUID | None = Field(description="The person; null for Bursar's own jobs.")
    username: str | None = Field(description="User name.")
    email: str | None = Field(description="E-mail address.")
    display_name: str = Field(description="Name to show.")
    workspace_id: uuid.UUID = Field(description="The workspace of this credential.")
    role: Role | None = Field(description="The person's role in it.")
    roles: tuple[Role, ...] = Field(description="The same as a list.")
    scopes: tuple[str, ...] = Field(description="What this credential may do, sorted.")
    credential: str = Field(description="person for a session, token for an API token.")
    has_password: bool = Field(description="False when no password was chosen yet.")


class UpdateProfile(Model):
    """What a person may change about themself; what is left out stays."""

    display_name: Name | None = Field(None, description="Name to show.")
    email: Email | None = Field(None, description="E-mail address, unique on this server.")


class ChangePassword(Model):
    """The old and the new password."""

    new_password: NewPassword = Field(description="At least 8 characters, at most 1 KB.")
    current_password: Password | None = Field(
        None, description="The present password; left out only when there is none yet."
    )


class PasswordChanged(Model):
    """What ended with the old password."""

    sessions_ended: int = Field(description="Other sessions that were ended.")


class Register(Model):
    """A new person: the first one of this server, or one who was invited."""

    username: Username = Field(
        min_length=2, description="2 to 64 letters, digits, dots, dashes; unique on this server."
    )
    password: NewPassword = Field(description="At least 8 characters, at most 1 KB.")
    email: Email | None = Field(None, description="E-mail address, unique on this server.")
    display_name: Name | None = Field(None, description="Name to show; default the user name.")
    invitation: SecretText | None = Field(
        None, description="Secret of the invitation; not needed for the very first person."
    )
    workspace_name: Name = Field("Home", description="Name of the first workspace.")
    base_currency: Currency = Field("USD", description="Base currency of the first workspace.")


class InvitePerson(Model):
    """Who may join, and as what."""

    role: Role = Field(description="Role of the new person.")
    email: Email | None = Field(None, description="When given, only this address can register.")
    hours: int = Field(72, ge=1, le=720, description="Hours until the invitation expires.")


class InvitationCreated(Model):
    """An invitation. The secret is shown this once."""

    invitation_id: uuid.UUID = Field(description="Id of the invitation.")
    secret: str = Field(description="Give it to the person: it registers one account.")
    expires_at: dt.datetime = Field(description="When it stops working.")


class Member(Model):
    """A person of this workspace."""

    person_id: uuid.UUID = Field(description="Id of the person.")
    username: str = Field(description="User name.")
    email: str | None = Field(description="E-mail address.")
    display_name: str = Field(description="Name to show.")
    role: Role = Field(description="Role in this workspace.")
    joined_at: dt.datetime = Field(description="When they joined.")
    disabled: bool = Field(description="True when the account is switched off.")


class ChangeRole(Model):
    """A person's new role."""

    person_id: uuid.UUID = Field(description="A person of this workspace.")
    role: Role = Field(description="The new role.")


class PersonId(Model):
    """One person of this workspace."""

    person_id: uuid.UUID = Field(description="A person of this workspace.")


class CreateApiToken(Model):
    """A token's name, rights and life."""

    name: Name = Field(description="What the token is for.")
    scopes: tuple[ScopeName, ...] = Field(
        min_length=1,
        max_length=64,
        description="Rights, such as portfolio:read; at most your own, never admin or approve.",
    )
    days: int = Field(
        TOKEN_DAYS_DEFAULT, ge=1, le=TOKEN_DAYS_MAX, description="Days until it expires."
    )


class ApiToken(Model):
    """A token without its secret."""

    id: uuid.UUID = Field(description="Id of the token.")
    prefix: str = Field(description="How the token starts; enough to recognise it.")
    name: str = Field(description="What it is for.")
    scopes: tuple[str, ...] = Field(description="Its rights.")
    created_by: uuid.UUID = Field(description="The person it acts for.")
    created_at: dt.datetime = Field(description="When it was made.")
    expires_at: dt.datetime = Field(description="When it stops working.")
    last_used_at: dt.datetime | None = Field(
        description="Last use, exact to a minute; null: never."
    )
    revoked_at: dt.datetime | None = Field(description="When it was revoked; null: it was not.")


class ApiTokenCreated(ApiToken):
    """A new token. The secret is shown this once."""

    token: str = Field(description="Send it as 'Authorization: Bearer <token>'.")


class ListApiTokens(PageRequest):
    """Which tokens to list."""

    everyone: bool = Field(
        default=False, description="Tokens of all people of the workspace; needs admin."
    )


class ApiTokenId(Model):
    """One token."""

    token_id: uuid.UUID = Field(description="Id of the token, from the list of tokens.")


class RotateApiToken(ApiTokenId):
    """Which token to replace, and how long both work."""

    overlap_minutes: int = Field(
        0,
        ge=0,
        le=OVERLAP_MINUTES_MAX,
        description="Minutes the old token still works; 0 ends it now.",
    )


class Workspace(Model):
    """The caller's workspace."""

    id: uuid.UUID = Field(description="Id of the workspace.")
    name: str = Field(description="Its name.")
    base_currency: str = Field(description="Currency its figures are shown in (ISO 4217).")
    created_at: dt.datetime = Field(description="When it was made.")


class ChangeWorkspace(Model):
    """What to change; what is left out stays."""

    name: Name | None = Field(None, description="New name.")
    base_currency: Currency | None = Field(None, description="New base currency (ISO 4217).")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and self.base_currency is None:
            msg = "give a name or a base_currency"
            raise ValueError(msg)
        return self
