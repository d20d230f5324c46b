-- Who of the portal is who here. Written when somebody who is signed in links the own account, or by an administrator.
CREATE TABLE portal_identity (
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,               -- the portal's lasting name of a person
    account_id BIGINT NOT NULL REFERENCES account (id),
    linked_at  BIGINT NOT NULL,
    cause      TEXT   NOT NULL,               -- the account itself, or "cli"
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, account_id)
);
