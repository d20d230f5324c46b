-- The first answer to a mutating call that carried an Idempotency-Key; a repeated call gets it again for a day.
CREATE TABLE idempotent_answer (
    account_id   BIGINT  NOT NULL REFERENCES account (id),
    idem_key     TEXT    NOT NULL,
    request_hash TEXT    NOT NULL,              -- SM3 over method, path and body: the key belongs to this call only
    status       INTEGER NOT NULL,
    answer       TEXT    NOT NULL,              -- JSON as sent
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (account_id, idem_key)
);
-- forgetting what is older than a day
CREATE INDEX idempotent_answer_by_age ON idempotent_answer (created_at);
