"""Market: instruments and their identifiers, prices, exchange rates, corporate actions."""

from bursar.runtime.migrations.script import run
from bursar.runtime.row_security import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTRUMENTS = """
CREATE TABLE instrument (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    asset_class text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    quantity_exponent smallint NOT NULL,
    multiplier numeric NOT NULL,
    calendar text,
    classification jsonb NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_instrument PRIMARY KEY (id),
    CONSTRAINT fk_instrument_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace (id),
    CONSTRAINT ck_instrument_kind CHECK (kind IN ('stock', 'bond', 'fund', 'etf', 'crypto',
        'currency', 'option', 'commodity', 'property', 'other')),
    CONSTRAINT ck_instrument_quantity_exponent CHECK (quantity_exponent BETWEEN 0 AND 18),
    CONSTRAINT ck_instrument_multiplier CHECK (multiplier > 0)
);
CREATE INDEX ix_instrument_workspace_id_id ON instrument (workspace_id, id);
CREATE INDEX ix_instrument_xid ON instrument (xid);

CREATE TABLE instrument_identifier (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    scheme text NOT NULL,
    value text NOT NULL,
    valid_from date,
    valid_to date,
    CONSTRAINT pk_instrument_identifier PRIMARY KEY (id),
    CONSTRAINT fk_instrument_identifier_instrument_id
        FOREIGN KEY (instrument_id) REFERENCES instrument (id),
    CONSTRAINT ck_instrument_identifier_scheme
        CHECK (scheme IN ('ticker', 'isin', 'cusip', 'figi', 'exchange', 'provider')),
    CONSTRAINT ck_instrument_identifier_period CHECK (valid_from < valid_to)
);
CREATE UNIQUE INDEX uq_instrument_identifier_open ON instrument_identifier
    (instrument_id, scheme, value) WHERE valid_to IS NULL;
CREATE INDEX ix_instrument_identifier_workspace_id_scheme_value ON instrument_identifier
    (workspace_id, scheme, value);
"""

PRICES = """
-- No foreign key to instrument: it costs 40 % of a bulk load, instruments are never deleted, and
-- the one statement that adds prices takes its ids from rows it has just read.
CREATE TABLE price (
    workspace_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    day date NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric NOT NULL,
    volume numeric,
    as_of timestamptz,
    fetched_at timestamptz NOT NULL,
    source text NOT NULL,
    basis text NOT NULL,
    quality text NOT NULL,
    CONSTRAINT pk_price PRIMARY KEY (instrument_id, day),
    CONSTRAINT ck_price_positive CHECK (close > 0 AND close < 'Infinity'),
    CONSTRAINT ck_price_basis CHECK (basis IN ('raw', 'split_adjusted', 'adjusted')),
    CONSTRAINT ck_price_quality CHECK (quality IN ('ok', 'suspect', 'estimated'))
);
CREATE INDEX ix_price_not_raw ON price (instrument_id, day) WHERE basis <> 'raw';

-- The closes of one instrument and calendar year as 366 little-endian float64, NaN where there is
-- no price: what the portfolio engine reads. Written beside `price`, by the same function.
CREATE TABLE price_year (
    workspace_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    year smallint NOT NULL,
    closes bytea STORAGE PLAIN NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_price_year PRIMARY KEY (instrument_id, year),
    CONSTRAINT ck_price_year_closes CHECK (octet_length(closes) = 2928)
);
CREATE INDEX ix_price_year_xid ON price_year (xid);

CREATE TABLE fx_rate (
    workspace_id uuid NOT NULL,
    base text NOT NULL,
    quote text NOT NULL,
    day date NOT NULL,
    rate numeric NOT NULL,
    source text NOT NULL,
    fetched_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_fx_rate PRIMARY KEY (workspace_id, base, quote, day),
    CONSTRAINT ck_fx_rate_positive CHECK (rate > 0 AND rate < 'Infinity'),
    CONSTRAINT ck_fx_rate_pair CHECK (base <> quote)
);
CREATE INDEX ix_fx_rate_xid ON fx_rate (xid);
"""

ACTIONS = """
CREATE TABLE corporate_action (
    id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    instrument_id uuid NOT NULL,
    kind text NOT NULL,
    ex_date date NOT NULL,
    pay_date date,
    ratio_numerator bigint,
    ratio_denominator bigint,
    amount numeric,
    currency text,
    new_instrument_id uuid,
    cost_fraction numeric,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT pk_corporate_action PRIMARY KEY (id),
    CONSTRAINT fk_corporate_action_instrument_id
        FOREIGN KEY (instrument_id) REFERENCES instrument (id),
    CONSTRAINT fk_corporate_action_new_instrument_id
        FOREIGN KEY (new_instrument_id) REFERENCES instrument (id),
    CONSTRAINT uq_corporate_action_instrument_id_kind_ex_date
        UNIQUE (instrument_id, kind, ex_date),
    CONSTRAINT ck_corporate_action_kind CHECK (kind IN ('split', 'dividend', 'special_dividend',
        'stock_dividend', 'rename', 'spin_off', 'merger', 'return_of_capital', 'delisting')),
    CONSTRAINT ck_corporate_action_ratio CHECK (ratio_numerator > 0 AND ratio_denominator > 0),
    CONSTRAINT ck_corporate_action_amount CHECK (amount > 0 AND amount < 'Infinity'),
    CONSTRAINT ck_corporate_action_cost_fraction CHECK (cost_fraction BETWEEN 0 AND 1)
);
CREATE INDEX ix_corporate_action_workspace_id_ex_date ON corporate_action (workspace_id, ex_date);
CREATE INDEX ix_corporate_action_xid ON corporate_action (xid);
"""


def upgrade() -> None:
    run(INSTRUMENTS, PRICES, ACTIONS)
    for table in (
        "instrument",
        "instrument_identifier",
        "price",
        "price_year",
        "fx_rate",
        "corporate_action",
    ):
        run(*protect(table))


def downgrade() -> None:
    run(
        "DROP TABLE corporate_action, fx_rate, price_year, price, instrument_identifier, instrument"
    )
