-- What somebody has set up of a list to find it again: columns, filters, order. Belongs to one account.
CREATE TABLE saved_view (
    id         BIGINT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    list       TEXT   NOT NULL,                 -- name of the list (struct list)
    name       TEXT   NOT NULL,                 -- as its owner calls it
    setup      TEXT   NOT NULL,                 -- JSON: columns, filters, sort, as the interface takes them
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, list, name)             -- also serves "views of this account for this list"
);

-- the orders in which lists are shown first: each list's default one and its tie break
CREATE INDEX enterprise_by_name ON enterprise (name, id);
CREATE INDEX station_by_creation ON station (created_at, mn);
CREATE INDEX station_by_name ON station (name, mn);
