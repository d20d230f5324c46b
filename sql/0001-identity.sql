-- Who may sign in, who is signed in, and who guesses passwords.
-- Portable text (SQLite and PostgreSQL): BIGINT times are milliseconds since 1970 UTC, INTEGER 0/1 is a boolean,
-- ids are made by the program.

CREATE TABLE account (
    id            BIGINT  NOT NULL PRIMARY KEY,
    username      TEXT    NOT NULL UNIQUE,      -- lower case; what is typed at sign-in
    display_name  TEXT    NOT NULL,             -- what people read
    role          TEXT    NOT NULL,             -- row of the table in src/kit/role.c
    password_hash TEXT    NOT NULL,             -- Argon2id, PHC string with its parameters
    must_change   INTEGER NOT NULL DEFAULT 0,   -- 1: password was set by somebody else
    disabled_at   BIGINT,                       -- NULL: may sign in
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    cause         TEXT    NOT NULL              -- who or what created it: "first-start", "cli", an account
);

-- Open sessions. The token itself is only in the browser; the CSRF token is derived from it.
CREATE TABLE account_session (
    token_hash TEXT   NOT NULL PRIMARY KEY,     -- SM3 of the token, hex; every request looks it up
    account_id BIGINT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,                 -- ends 12 h later at the latest
    last_seen  BIGINT NOT NULL,                 -- ends 30 min later; written at most once a minute
    peer       TEXT   NOT NULL,                 -- address that signed in
    user_agent TEXT   NOT NULL
);
-- "all sessions of this account" when it is disabled, gets a new password, or has too many
CREATE INDEX account_session_by_account ON account_session (account_id, created_at);

-- Failed sign-ins per account name and per address, for the back-off. Names are stored as SM3: people type passwords
-- into the wrong field.
CREATE TABLE sign_in_guard (
    kind         TEXT    NOT NULL,              -- "account" or "address"
    subject      TEXT    NOT NULL,              -- SM3 hex of the name; the address (IPv6: its /64)
    failures     INTEGER NOT NULL,
    last_failure BIGINT  NOT NULL,
    locked_until BIGINT  NOT NULL,              -- 0: not locked
    PRIMARY KEY (kind, subject)
);
-- forgetting what is older than a day
CREATE INDEX sign_in_guard_by_age ON sign_in_guard (last_failure);

-- Notes for the evidence log from programs that do not hold the log (the command line); the server delivers them.
CREATE TABLE pending_note (
    id     BIGINT NOT NULL PRIMARY KEY,         -- time-ordered
    origin TEXT   NOT NULL,
    json   TEXT   NOT NULL
);
