-- What the DataTime of minute and hour data marks. HJ 212-2017 says the start of the period; most 2005 loggers in the
-- field write its end. Recomputed means are compared with the reported ones accordingly.
ALTER TABLE station ADD COLUMN period_stamp TEXT NOT NULL DEFAULT 'start'; -- start, end
