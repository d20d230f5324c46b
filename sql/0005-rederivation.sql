-- Stations whose values must be derived again from the evidence log, because they were admitted or because what is known
-- of their logger changed. Written in the transaction of the change, taken out when the new values are stored; so a crash
-- in between only starts the work again.
CREATE TABLE rederivation (
    mn    TEXT   NOT NULL PRIMARY KEY,
    asked BIGINT NOT NULL            -- another number with each request: a request made meanwhile is not taken out
);
