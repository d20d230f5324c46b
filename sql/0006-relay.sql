-- Upstream platforms that stored frames are forwarded to, and how far each has got.

CREATE TABLE relay (
    id          BIGINT  NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    host        TEXT    NOT NULL,
    port        INTEGER NOT NULL,
    paused      INTEGER NOT NULL,
    scope       TEXT    NOT NULL,               -- all, region, list: whose frames
    region_code TEXT    REFERENCES region (code), -- scope region
    mode        TEXT    NOT NULL,               -- raw: byte for byte; rewrite
    edition     TEXT    NOT NULL,               -- rewrite: keep, 2005, 2017, 2025
    ask_ack     INTEGER NOT NULL,               -- rewrite: every frame asks for an answer
    password    TEXT,                           -- rewrite: PW to send; NULL: as in the frame
    pace_ms     INTEGER NOT NULL,               -- least time between two frames of one station
    rate_per_s  INTEGER NOT NULL,               -- frames per second in all
    answer_ms   INTEGER NOT NULL,               -- wait for an answer
    tries       INTEGER NOT NULL,               -- sent so often before it counts as unanswered
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    cause       TEXT    NOT NULL,
    -- the durable cursor: log records not yet settled ("5-9,12,40-"), and counters that go with it
    due         TEXT   NOT NULL,
    sent         BIGINT NOT NULL DEFAULT 0,
    acknowledged BIGINT NOT NULL DEFAULT 0,
    timeouts     BIGINT NOT NULL DEFAULT 0,
    refused      BIGINT NOT NULL DEFAULT 0
);

-- scope list
CREATE TABLE relay_station (
    relay_id BIGINT NOT NULL REFERENCES relay (id),
    mn       TEXT   NOT NULL,
    PRIMARY KEY (relay_id, mn)
);

-- names of stations at the upstream platform where they differ
CREATE TABLE relay_mn (
    relay_id    BIGINT NOT NULL REFERENCES relay (id),
    mn          TEXT   NOT NULL,
    upstream_mn TEXT   NOT NULL,
    PRIMARY KEY (relay_id, mn),
    UNIQUE (relay_id, upstream_mn)
);

-- QN given to a frame before it is sent, so that after a crash it is sent again with the same bytes
CREATE TABLE relay_open (
    relay_id BIGINT NOT NULL REFERENCES relay (id),
    seq      BIGINT NOT NULL,
    qn       TEXT   NOT NULL,
    PRIMARY KEY (relay_id, seq)
);

-- frames that the upstream platform never acknowledged or that cannot be sent; the frame itself stands in the log
CREATE TABLE relay_aside (
    relay_id BIGINT  NOT NULL REFERENCES relay (id),
    seq      BIGINT  NOT NULL,
    mn       TEXT    NOT NULL,
    cn       TEXT    NOT NULL,
    reason   TEXT    NOT NULL,                  -- unanswered, refused, enciphered, malformed
    code     INTEGER NOT NULL,                  -- QnRtn or ExeRtn of a refusal, else 0
    tries    INTEGER NOT NULL,
    at       BIGINT  NOT NULL,
    again    INTEGER NOT NULL DEFAULT 0,        -- 1: somebody wants it sent again
    PRIMARY KEY (relay_id, seq)
);
