-- The registry of pollution sources: enterprise, outlet, station (one logger, known by its MN), factors and limits.
-- Every row keeps created_at (ms UTC) and cause: the account, "demo", or the program's part that made it.

-- Administrative and functional regions; filled from data/dictionaries/regions at every start.
CREATE TABLE region (
    code             TEXT    NOT NULL PRIMARY KEY,  -- GB/T 2260, or a private code ending in X
    name             TEXT    NOT NULL,
    kind             TEXT    NOT NULL,              -- 区, 县, 自治县, 功能区; 省级(直辖市) for the city itself
    enforcement_unit TEXT    NOT NULL,
    uniform_zone     TEXT    NOT NULL,              -- south or north (uniform seasons)
    active           INTEGER NOT NULL,              -- 0: dissolved; kept for what happened there
    valid_to         TEXT    NOT NULL,              -- date of the end, "" while it exists
    successor        TEXT    NOT NULL,
    note             TEXT    NOT NULL,
    origin           TEXT    NOT NULL               -- "dictionary", or "operator": then a start leaves the row alone
);

CREATE TABLE enterprise (
    id          BIGINT  NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    credit_code TEXT    UNIQUE,                     -- GB 32100, check digits verified; NULL while unknown
    region_code TEXT    NOT NULL REFERENCES region (code),
    demo        INTEGER NOT NULL DEFAULT 0,         -- 1: fictional
    created_at  BIGINT  NOT NULL,
    cause       TEXT    NOT NULL,
    UNIQUE (region_code, name)                      -- admission finds the enterprise by these
);

CREATE TABLE outlet (
    id            BIGINT NOT NULL PRIMARY KEY,
    enterprise_id BIGINT NOT NULL REFERENCES enterprise (id),
    code          TEXT   NOT NULL,                  -- of the discharge permit: DW001 water, DA001 air
    name          TEXT   NOT NULL,
    medium        TEXT   NOT NULL,                  -- water, air, noise, other
    created_at    BIGINT NOT NULL,
    cause         TEXT   NOT NULL,
    UNIQUE (enterprise_id, code)
);

CREATE TABLE station (
    mn         TEXT    NOT NULL PRIMARY KEY,        -- as the logger sends it
    name       TEXT    NOT NULL,
    outlet_id  BIGINT  NOT NULL UNIQUE REFERENCES outlet (id),
    st         TEXT    NOT NULL,                    -- system type as first heard, "" unknown
    -- device profile: how to talk with this logger
    edition             TEXT    NOT NULL DEFAULT 'auto',     -- auto, 2005, 2017, 2025
    password            TEXT,                                -- PW it must send; NULL: any
    accept_bad_crc      INTEGER NOT NULL DEFAULT 0,          -- commissioning only
    clock_policy        TEXT    NOT NULL DEFAULT 'flag',     -- flag: name a clock that is off; accept: say nothing
    dialect             TEXT    NOT NULL DEFAULT 'standard',
    sm4_key             TEXT,                                -- 32 hex digits; NULL: none
    answer_policy       TEXT    NOT NULL DEFAULT 'standard', -- standard (as Flag asks), always, never
    time_offset_minutes INTEGER NOT NULL DEFAULT 480,        -- of the times it sends, east of UTC
    interval_minutes    INTEGER NOT NULL DEFAULT 10,         -- length of its minute data
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    cause      TEXT    NOT NULL
);

-- What a station reports, by the code it uses. Empty name and unit, decimals -1: those of the dictionary.
CREATE TABLE station_factor (
    mn         TEXT    NOT NULL REFERENCES station (mn),
    code       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    decimals   INTEGER NOT NULL,
    created_at BIGINT  NOT NULL,
    cause      TEXT    NOT NULL,
    PRIMARY KEY (mn, code)
);

-- Limits of an outlet, by time: valid_from <= t < valid_to. A new limit ends the one before it; none is changed.
CREATE TABLE outlet_limit (
    id         BIGINT NOT NULL PRIMARY KEY,
    outlet_id  BIGINT NOT NULL REFERENCES outlet (id),
    factor     TEXT   NOT NULL,
    low_text   TEXT,                                -- lower bound (pH), decimal text; NULL none
    limit_text TEXT   NOT NULL,                     -- upper bound, decimal text
    basis      TEXT   NOT NULL,                     -- standard or permit it stands in
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT,                              -- NULL: until further notice
    created_at BIGINT NOT NULL,
    cause      TEXT   NOT NULL,
    UNIQUE (outlet_id, factor, valid_from)          -- also serves "limit of a factor at t"
);

-- Senders that nobody has admitted yet. Derived from the evidence log; what they sent is kept there.
CREATE TABLE unknown_station (
    mn         TEXT   NOT NULL PRIMARY KEY,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    frames     BIGINT NOT NULL,
    peer       TEXT   NOT NULL,
    edition    TEXT   NOT NULL,
    st         TEXT   NOT NULL,
    last_cn    TEXT   NOT NULL,
    last_seq   BIGINT NOT NULL                      -- log record; an older batch is not counted again
);
-- the list of unknown senders, newest first
CREATE INDEX unknown_station_by_time ON unknown_station (last_seen, mn);
