"""Identity: workspaces, people, passwords, sign-in links, sessions, API tokens.

People, their passwords and the counters of failed sign-ins belong to no workspace, so row-level
security cannot confine them: only identity's store reads them.
"""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE workspace (
    id uuid NOT NULL,
    name text NOT NULL,
    base_currency text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_workspace PRIMARY KEY (id)
);

CREATE TABLE person (
    id uuid NOT NULL,
    username text NOT NULL,
    email text,
    display_name text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT ck_person_username CHECK (username <> '' AND position('@' in username) = 0)
);
CREATE UNIQUE INDEX uq_person_username ON person (lower(username));
CREATE UNIQUE INDEX uq_person_email ON person (lower(email));

CREATE TABLE password (
    person_id uuid NOT NULL,
    hash text NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT pk_password PRIMARY KEY (person_id),
    CONSTRAINT fk_password_person_id FOREIGN KEY (person_id) REFERENCES person (id)
);

CREATE TABLE sign_in_attempt (
    key bytea NOT NULL,
    failures bigint NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    CONSTRAINT pk_sign_in_attempt PRIMARY KEY (key)
);
CREATE INDEX ix_sign_in_attempt_last_at ON sign_in_attempt (last_at);

CREATE TABLE membership (
    workspace_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_membership PRIMARY KEY (workspace_id, person_id),
    CONSTRAINT fk_membership_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT fk_membership_person_id FOREIGN KEY (person_id) REFERENCES person (id),
    CONSTRAINT ck_membership_role CHECK (role IN
        ('owner', 'admin', 'trader', 'analyst', 'developer', 'auditor', 'viewer'))
);
CREATE INDEX ix_membership_person_id ON membership (person_id);

CREATE TABLE sign_in_link (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    person_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_by uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_sign_in_link PRIMARY KEY (id),
    CONSTRAINT uq_sign_in_link_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_sign_in_link_membership FOREIGN KEY (workspace_id, person_id)
        REFERENCES membership (workspace_id, person_id)
);
CREATE INDEX ix_sign_in_link_person_id ON sign_in_link (person_id) WHERE used_at IS NULL;

CREATE TABLE invitation (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    role text NOT NULL,
    email text,
    secret_hash bytea NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by uuid,
    CONSTRAINT pk_invitation PRIMARY KEY (id),
    CONSTRAINT uq_invitation_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_invitation_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT ck_invitation_role CHECK (role IN
        ('owner', 'admin', 'trader', 'analyst', 'developer', 'auditor', 'viewer'))
);

CREATE TABLE session (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    person_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    way text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent text NOT NULL,
    address text NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT pk_session PRIMARY KEY (id),
    CONSTRAINT uq_session_secret_hash UNIQUE (secret_hash),
    CONSTRAINT ck_session_way CHECK (way IN ('password', 'link', 'registration')),
    CONSTRAINT fk_session_membership FOREIGN KEY (workspace_id, person_id)
        REFERENCES membership (workspace_id, person_id)
);
CREATE INDEX ix_session_person_id ON session (person_id, id);

CREATE TABLE api_token (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    public_id text NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    replaced_by uuid,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_public_id UNIQUE (public_id),
    CONSTRAINT fk_api_token_membership FOREIGN KEY (workspace_id, created_by)
        REFERENCES membership (workspace_id, person_id),
    CONSTRAINT ck_api_token_scopes CHECK (NOT scopes && ARRAY['admin', 'approve'])
);
CREATE INDEX ix_api_token_created_by ON api_token (workspace_id, created_by, id);
"""

CONFINED = ("membership", "sign_in_link", "invitation", "session", "api_token")


def upgrade() -> None:
    run(TABLES)
    run(*protect("workspace", "id"))
    for table in CONFINED:
        run(*protect(table))


def downgrade() -> None:
    run("DROP TABLE api_token, session, invitation, sign_in_link, membership")
    run("DROP TABLE sign_in_attempt, password, person, workspace")
