-- The organisation (agencies, departments, establishment, officers), what an account is granted, and what it may see.
-- Personnel facts hold by day: TEXT 'YYYY-MM-DD', valid_from <= day < valid_to. '0001-01-01': since before the records begin;
-- '9999-12-31': until further notice. A change ends one row and adds the next; nothing else of a row is ever changed.

CREATE TABLE agency (
    id         BIGINT NOT NULL PRIMARY KEY,
    code       TEXT   NOT NULL UNIQUE,          -- of the dictionary, or given by the operator
    created_at BIGINT NOT NULL,
    cause      TEXT   NOT NULL
);

-- What an agency is called, what it is, and whom it is under. No row for a day: it does not exist then.
CREATE TABLE agency_span (
    id           BIGINT NOT NULL PRIMARY KEY,
    agency_id    BIGINT NOT NULL REFERENCES agency (id),
    name         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,               -- bureau 生态环境局, corps 总队, team 支队, special 功能区执法机构
    parent_id    BIGINT REFERENCES agency (id), -- NULL: the top
    successor_id BIGINT REFERENCES agency (id), -- who goes on when the row ends; NULL: itself, or nobody
    basis        TEXT   NOT NULL,               -- document or reason
    valid_from   TEXT   NOT NULL,
    valid_to     TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    cause        TEXT   NOT NULL,
    UNIQUE (agency_id, valid_from)
);
-- "who is under it"
CREATE INDEX agency_span_by_parent ON agency_span (parent_id);

-- Where it enforces. The region of the city as a whole stands for all.
CREATE TABLE agency_region (
    agency_id   BIGINT NOT NULL REFERENCES agency (id),
    region_code TEXT   NOT NULL REFERENCES region (code),
    valid_from  TEXT   NOT NULL,
    valid_to    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    cause       TEXT   NOT NULL,
    PRIMARY KEY (agency_id, region_code, valid_from)
);

CREATE TABLE department (
    id         BIGINT NOT NULL PRIMARY KEY,
    agency_id  BIGINT NOT NULL REFERENCES agency (id),
    name       TEXT   NOT NULL,
    valid_from TEXT   NOT NULL,
    valid_to   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    cause      TEXT   NOT NULL
);
CREATE INDEX department_by_agency ON department (agency_id);

-- Approved posts (编制) by kind. A new number ends the one before it.
CREATE TABLE establishment (
    id         BIGINT  NOT NULL PRIMARY KEY,
    agency_id  BIGINT  NOT NULL REFERENCES agency (id),
    kind       TEXT    NOT NULL,                -- administrative 行政, institution 事业, worker 工勤
    approved   INTEGER NOT NULL,
    basis      TEXT    NOT NULL,
    valid_from TEXT    NOT NULL,
    valid_to   TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    cause      TEXT    NOT NULL,
    UNIQUE (agency_id, kind, valid_from)
);

CREATE TABLE officer (
    id         BIGINT NOT NULL PRIMARY KEY,
    staff_no   TEXT   NOT NULL UNIQUE,          -- 工号
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    cause      TEXT   NOT NULL
);

-- Everything that holds of an officer over a period; one row for any day, none before entry and after leaving.
CREATE TABLE officer_span (
    id                 BIGINT  NOT NULL PRIMARY KEY,
    officer_id         BIGINT  NOT NULL REFERENCES officer (id),
    agency_id          BIGINT  NOT NULL REFERENCES agency (id),     -- whose post it is (编制所在)
    establishment      TEXT    NOT NULL,        -- administrative, institution, worker; none: 不在编
    post               TEXT    NOT NULL,        -- 职务
    enforcement        INTEGER NOT NULL,        -- 1: 执法岗位
    status             TEXT    NOT NULL,        -- on_post 在岗, mixed 混岗, loan 借调, leave 离岗
    work_agency_id     BIGINT  NOT NULL REFERENCES agency (id),     -- where the work is done
    work_department_id BIGINT  REFERENCES department (id),
    basis              TEXT    NOT NULL,
    valid_from         TEXT    NOT NULL,
    valid_to           TEXT    NOT NULL,
    created_at         BIGINT  NOT NULL,
    cause              TEXT    NOT NULL,
    UNIQUE (officer_id, valid_from)
);
-- an agency's people, and those who work there
CREATE INDEX officer_span_by_agency ON officer_span (agency_id);
CREATE INDEX officer_span_by_work ON officer_span (work_agency_id);

-- Whose account it is; both NULL: neither an officer's nor a firm's.
ALTER TABLE account ADD COLUMN officer_id BIGINT REFERENCES officer (id);
ALTER TABLE account ADD COLUMN enterprise_id BIGINT REFERENCES enterprise (id);

-- Which role an account has where and when (ms UTC). Ending one sets valid_to, ended_by and ended_at once.
CREATE TABLE account_grant (
    id         BIGINT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    role       TEXT   NOT NULL,                 -- row of the table in src/kit/role.c
    scope      TEXT   NOT NULL,                 -- none, self, department, agency, agency_below, region, list, all
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL,                 -- 253402214400000 (9999-12-31): until further notice
    reason     TEXT   NOT NULL,
    granted_by TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    ended_by   TEXT   NOT NULL DEFAULT '',
    ended_at   BIGINT
);
CREATE INDEX account_grant_by_account ON account_grant (account_id, valid_to);

-- Scopes region and list: of what.
CREATE TABLE account_grant_item (
    grant_id  BIGINT NOT NULL REFERENCES account_grant (id),
    kind      TEXT   NOT NULL,                  -- region, agency, enterprise, station
    scope_key TEXT   NOT NULL,                  -- code, id or MN
    PRIMARY KEY (grant_id, kind, scope_key)
);

-- What follows from grants, tree and postings: every account's permissions and the data each of them reaches. Computed in
-- the transaction of whatever it follows from; what was true is ended, never changed, so it also answers for the past.
CREATE TABLE account_scope (
    account_id BIGINT NOT NULL REFERENCES account (id),
    permission TEXT   NOT NULL,
    kind       TEXT   NOT NULL,                 -- right (no data behind it), all, region, agency, department, officer, enterprise, station
    scope_key  TEXT   NOT NULL,                 -- '' for right and all
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL,
    PRIMARY KEY (account_id, permission, kind, scope_key, valid_from)
);
-- "who could see it"
CREATE INDEX account_scope_by_key ON account_scope (kind, scope_key);

INSERT INTO account_grant (id, account_id, role, scope, valid_from, valid_to, reason, granted_by, granted_at)
    SELECT id, id, role, 'all', created_at, 253402214400000, '', cause, created_at FROM account;
ALTER TABLE account DROP COLUMN role;
