-- Second factors, and tokens that let machines in.

-- The authenticator app of an account. The secret is sealed with DIR/kit.key, which is not in the database.
CREATE TABLE second_factor (
    account_id   BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
    secret       TEXT   NOT NULL,             -- sealed, hex
    last_step    BIGINT NOT NULL,             -- 30-second step of the last code that was right; never accepted again
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT                       -- NULL: offered, the first code has not been typed yet; sign-in does not ask
);

-- One-time codes for the day on which the phone is lost.
CREATE TABLE recovery_code (
    account_id BIGINT NOT NULL REFERENCES account (id),
    code_hash  TEXT   NOT NULL,               -- SM3 hex; only the person has the code
    used_at    BIGINT,                        -- NULL: still good
    PRIMARY KEY (account_id, code_hash)
);

-- A program that calls the interface in the name of an account, with part of its permissions and until a date.
CREATE TABLE machine_token (
    id          BIGINT NOT NULL PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES account (id),
    name        TEXT   NOT NULL,              -- what for
    token_hash  TEXT   NOT NULL UNIQUE,       -- SM3 hex; every call looks it up
    permissions TEXT   NOT NULL,              -- names with blanks between; never more than the account has
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    revoked_at  BIGINT,                       -- NULL: in force until it expires
    last_used   BIGINT,                       -- written at most once a minute
    last_peer   TEXT   NOT NULL DEFAULT ''
);
-- the tokens of one account, newest first
CREATE INDEX machine_token_by_account ON machine_token (account_id, id);
