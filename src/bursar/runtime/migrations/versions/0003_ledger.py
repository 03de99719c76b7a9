"""Ledger: accounts, commodities, balances, the immutable book, and the functions that post to it."""

from bursar.runtime.migrations.blocks import ledger_holds, ledger_posting
from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import append_only, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROTECTED = (
    "account",
    "commodity",
    "balance",
    "transfer_group",
    "transfer",
    "entry",
    "pending",
    "annotation",
    "tax_lot",
    "lot_match",
    "lot_problem",
)
APPEND_ONLY = ("transfer_group", "transfer", "entry")
NEVER_REMOVED = ("account", "commodity", "balance")

ACCOUNTS = """
CREATE TABLE account (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    class text NOT NULL,
    institution text,
    currency text,
    cost_method text NOT NULL,
    tax_wrapper text NOT NULL,
    allow_short boolean NOT NULL,
    no_overdraft boolean NOT NULL,
    external_id text,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    created_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT fk_account_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT uq_account_id_workspace_id UNIQUE (id, workspace_id),
    CONSTRAINT ck_account_class CHECK (class IN
        ('asset', 'liability', 'world', 'income', 'cost', 'conversion', 'rounding')),
    CONSTRAINT ck_account_cost_method CHECK (cost_method IN
        ('fifo', 'lifo', 'hifo', 'lofo', 'average', 'specific')),
    CONSTRAINT ck_account_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_account_closed CHECK (closed_at >= opened_at)
);
CREATE UNIQUE INDEX uq_account_system ON account (workspace_id, kind)
    WHERE class NOT IN ('asset', 'liability');
CREATE UNIQUE INDEX uq_account_external ON account (workspace_id, institution, external_id)
    NULLS NOT DISTINCT WHERE external_id IS NOT NULL;
CREATE INDEX ix_account_workspace_id_name ON account (workspace_id, name, id);

CREATE TABLE commodity (
    id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    code text NOT NULL,
    exponent smallint NOT NULL,
    kind text NOT NULL,
    instrument_id uuid,
    CONSTRAINT pk_commodity PRIMARY KEY (id),
    CONSTRAINT fk_commodity_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT ck_commodity_exponent CHECK (exponent BETWEEN 0 AND 18),
    CONSTRAINT ck_commodity_kind CHECK (kind IN ('fiat', 'crypto', 'security', 'points'))
);
CREATE UNIQUE INDEX uq_commodity_instrument ON commodity (workspace_id, instrument_id)
    WHERE instrument_id IS NOT NULL;
CREATE UNIQUE INDEX uq_commodity_code ON commodity (workspace_id, code)
    WHERE instrument_id IS NULL;

-- No index covers an amount, and pages are half empty: updates of a balance stay heap-only.
CREATE TABLE balance (
    id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    commodity_id bigint NOT NULL,
    no_overdraft boolean NOT NULL,
    debits_posted numeric(38,0) DEFAULT 0 NOT NULL,
    credits_posted numeric(38,0) DEFAULT 0 NOT NULL,
    debits_pending numeric(38,0) DEFAULT 0 NOT NULL,
    credits_pending numeric(38,0) DEFAULT 0 NOT NULL,
    latest_effective_at timestamptz,
    CONSTRAINT pk_balance PRIMARY KEY (id),
    CONSTRAINT uq_balance_account_id_commodity_id UNIQUE (account_id, commodity_id),
    CONSTRAINT uq_balance_id UNIQUE (id, commodity_id, workspace_id),
    CONSTRAINT fk_balance_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT fk_balance_account_id FOREIGN KEY (account_id, workspace_id)
        REFERENCES account (id, workspace_id),
    CONSTRAINT fk_balance_commodity_id FOREIGN KEY (commodity_id) REFERENCES commodity (id),
    CONSTRAINT ck_balance_not_negative CHECK (debits_posted >= 0 AND credits_posted >= 0
        AND debits_pending >= 0 AND credits_pending >= 0),
    CONSTRAINT ck_balance_no_overdraft CHECK
        (NOT no_overdraft OR credits_posted - debits_posted - debits_pending >= 0)
) WITH (fillfactor = 50);
CREATE INDEX ix_balance_workspace_id ON balance (workspace_id, account_id);
"""

BOOK = """
CREATE TABLE transfer_group (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    effective_at timestamptz NOT NULL,
    account_id uuid NOT NULL,
    counter_account_id uuid,
    instrument_id uuid,
    quantity numeric,
    unit_price numeric,
    currency text,
    amount numeric,
    fees numeric,
    taxes numeric,
    cash_change numeric,
    counter_instrument_id uuid,
    counter_quantity numeric,
    counter_amount numeric,
    counter_currency text,
    ratio_numerator numeric(38,0),
    ratio_denominator numeric(38,0),
    rate_numerator numeric(38,0),
    rate_denominator numeric(38,0),
    source text NOT NULL,
    external_id text,
    import_id uuid,
    content_hash bytea,
    attempt smallint DEFAULT 0 NOT NULL,
    payee text,
    memo text,
    category text,
    reverses_id uuid,
    released boolean DEFAULT false NOT NULL,
    lot_choice jsonb,
    metadata jsonb NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_transfer_group PRIMARY KEY (id),
    CONSTRAINT fk_transfer_group_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT fk_transfer_group_account_id FOREIGN KEY (account_id, workspace_id)
        REFERENCES account (id, workspace_id),
    CONSTRAINT fk_transfer_group_counter_account_id FOREIGN KEY (counter_account_id, workspace_id)
        REFERENCES account (id, workspace_id),
    CONSTRAINT fk_transfer_group_reverses_id FOREIGN KEY (reverses_id) REFERENCES transfer_group (id),
    CONSTRAINT uq_transfer_group_reverses_id UNIQUE (reverses_id),
    CONSTRAINT ck_transfer_group_ratio CHECK (ratio_numerator > 0 AND ratio_denominator > 0),
    CONSTRAINT ck_transfer_group_rate CHECK (rate_numerator > 0 AND rate_denominator > 0)
);
CREATE UNIQUE INDEX uq_transfer_group_external ON transfer_group
    (workspace_id, account_id, external_id, attempt) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX uq_transfer_group_content ON transfer_group
    (workspace_id, account_id, content_hash, attempt) WHERE content_hash IS NOT NULL;
CREATE INDEX ix_transfer_group_workspace_id ON transfer_group (workspace_id, effective_at, id);
CREATE INDEX ix_transfer_group_account_id ON transfer_group (account_id, effective_at, id);
CREATE INDEX ix_transfer_group_counter ON transfer_group (counter_account_id, effective_at, id)
    WHERE counter_account_id IS NOT NULL;
CREATE INDEX ix_transfer_group_instrument ON transfer_group
    (workspace_id, instrument_id, effective_at) WHERE instrument_id IS NOT NULL;
CREATE INDEX ix_transfer_group_counter_instrument ON transfer_group
    (workspace_id, counter_instrument_id) WHERE counter_instrument_id IS NOT NULL;
CREATE INDEX ix_transfer_group_import ON transfer_group (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX ix_transfer_group_xid ON transfer_group (workspace_id, xid);

-- References of the two bulk tables are checked once per statement (ledger_transfers_refer,
-- ledger_entries_balance): the check of each row would take most of a large import's time. What
-- they refer to is never removed.
CREATE TABLE transfer (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    group_id uuid NOT NULL,
    kind text NOT NULL,
    debit_id bigint NOT NULL,
    credit_id bigint NOT NULL,
    commodity_id bigint NOT NULL,
    amount numeric(38,0) NOT NULL,
    code smallint NOT NULL,
    pending_id uuid,
    effective_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_transfer PRIMARY KEY (id),
    CONSTRAINT fk_transfer_group_id FOREIGN KEY (group_id) REFERENCES transfer_group (id) NOT ENFORCED,
    CONSTRAINT fk_transfer_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id) NOT ENFORCED,
    CONSTRAINT fk_transfer_debit_id FOREIGN KEY (debit_id, commodity_id, workspace_id)
        REFERENCES balance (id, commodity_id, workspace_id) NOT ENFORCED,
    CONSTRAINT fk_transfer_credit_id FOREIGN KEY (credit_id, commodity_id, workspace_id)
        REFERENCES balance (id, commodity_id, workspace_id) NOT ENFORCED,
    CONSTRAINT fk_transfer_pending_id FOREIGN KEY (pending_id) REFERENCES transfer (id),
    CONSTRAINT ck_transfer_kind CHECK (kind IN
        ('single', 'pending', 'post', 'void', 'expire', 'reversal')),
    CONSTRAINT ck_transfer_amount CHECK (amount > 0),
    CONSTRAINT ck_transfer_two_sides CHECK (debit_id <> credit_id),
    CONSTRAINT ck_transfer_pending CHECK
        ((kind IN ('post', 'void', 'expire')) = (pending_id IS NOT NULL))
);
CREATE INDEX ix_transfer_group_id ON transfer (group_id);
CREATE INDEX ix_transfer_pending_id ON transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX ix_transfer_xid ON transfer (workspace_id, xid);

-- `late`: posted after an entry of the same balance with a later effective_at. The balance at a
-- moment is balance_after of the last entry that is not late, plus the late ones posted after it.
CREATE TABLE entry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    balance_id bigint NOT NULL,
    amount numeric(38,0) NOT NULL,
    balance_after numeric(38,0) NOT NULL,
    effective_at timestamptz NOT NULL,
    late boolean NOT NULL,
    CONSTRAINT pk_entry PRIMARY KEY (id),
    CONSTRAINT fk_entry_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id) NOT ENFORCED,
    CONSTRAINT fk_entry_transfer_id FOREIGN KEY (transfer_id) REFERENCES transfer (id) NOT ENFORCED,
    CONSTRAINT fk_entry_balance_id FOREIGN KEY (balance_id) REFERENCES balance (id) NOT ENFORCED,
    CONSTRAINT ck_entry_amount CHECK (amount <> 0)
);
CREATE INDEX ix_entry_balance_id ON entry (balance_id, id);
CREATE INDEX ix_entry_in_order ON entry (balance_id, effective_at, id) WHERE NOT late;
CREATE INDEX ix_entry_late ON entry (balance_id, effective_at, id) WHERE late;

CREATE TABLE pending (
    transfer_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    remaining numeric(38,0) NOT NULL,
    state text NOT NULL,
    expires_at timestamptz,
    CONSTRAINT pk_pending PRIMARY KEY (transfer_id),
    CONSTRAINT fk_pending_transfer_id FOREIGN KEY (transfer_id) REFERENCES transfer (id),
    CONSTRAINT fk_pending_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT ck_pending_remaining CHECK (remaining >= 0),
    CONSTRAINT ck_pending_state CHECK (state IN ('pending', 'posted', 'voided', 'expired')),
    CONSTRAINT ck_pending_resolved CHECK ((state = 'pending') = (remaining > 0))
);
CREATE INDEX ix_pending_expires_at ON pending (workspace_id, expires_at) WHERE state = 'pending';

CREATE TABLE annotation (
    group_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    category text,
    note text,
    tags jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_annotation PRIMARY KEY (group_id),
    CONSTRAINT fk_annotation_group_id FOREIGN KEY (group_id) REFERENCES transfer_group (id),
    CONSTRAINT fk_annotation_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id)
);
"""

# Derived from the book for each account's own cost method, and replaced whenever it changes.
LOTS = """
CREATE TABLE tax_lot (
    account_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    lot_id text NOT NULL,
    workspace_id uuid NOT NULL,
    opened_by uuid NOT NULL,
    acquired_on date NOT NULL,
    quantity numeric(38,0) NOT NULL,
    remaining numeric(38,0) NOT NULL,
    cost numeric(38,0) NOT NULL,
    remaining_cost numeric(38,0) NOT NULL,
    remaining_fees numeric(38,0) NOT NULL,
    currency text NOT NULL,
    CONSTRAINT pk_tax_lot PRIMARY KEY (account_id, instrument_id, lot_id),
    CONSTRAINT fk_tax_lot_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT fk_tax_lot_opened_by FOREIGN KEY (opened_by) REFERENCES transfer_group (id),
    CONSTRAINT ck_tax_lot_remaining CHECK (remaining <> 0)
);
CREATE INDEX ix_tax_lot_workspace_id ON tax_lot (workspace_id, instrument_id);

CREATE TABLE lot_match (
    id bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    lot_id text NOT NULL,
    opened_by uuid NOT NULL,
    closed_by uuid NOT NULL,
    kind text NOT NULL,
    quantity numeric(38,0) NOT NULL,
    proceeds numeric(38,0) NOT NULL,
    cost numeric(38,0) NOT NULL,
    gain numeric(38,0) NOT NULL,
    opening_fees numeric(38,0) NOT NULL,
    closing_fees numeric(38,0) NOT NULL,
    currency text NOT NULL,
    opened_on date NOT NULL,
    closed_on date NOT NULL,
    term text NOT NULL,
    CONSTRAINT pk_lot_match PRIMARY KEY (id),
    CONSTRAINT fk_lot_match_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT fk_lot_match_opened_by FOREIGN KEY (opened_by) REFERENCES transfer_group (id),
    CONSTRAINT fk_lot_match_closed_by FOREIGN KEY (closed_by) REFERENCES transfer_group (id),
    CONSTRAINT ck_lot_match_gain CHECK (gain = proceeds - cost)
);
CREATE INDEX ix_lot_match_account_id ON lot_match (account_id, instrument_id);
CREATE INDEX ix_lot_match_workspace_id ON lot_match (workspace_id, closed_on);

-- Why the lots of a position are missing or incomplete.
CREATE TABLE lot_problem (
    account_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    CONSTRAINT pk_lot_problem PRIMARY KEY (account_id, instrument_id),
    CONSTRAINT fk_lot_problem_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id)
);
"""


def upgrade() -> None:
    run(ACCOUNTS, BOOK, LOTS, *ledger_posting.CREATE, *ledger_holds.CREATE)
    for table in PROTECTED:
        run(*protect(table))
    for table in APPEND_ONLY:
        run(*append_only(table))
    for table in NEVER_REMOVED:
        run(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION bursar_refuse_change()"
        )


def downgrade() -> None:
    run(*ledger_holds.DROP, *ledger_posting.DROP)
    run(f"DROP TABLE {', '.join(reversed(PROTECTED))}")
    run("DROP FUNCTION ledger_entries_balance()", "DROP FUNCTION ledger_transfers_refer()")
