-- Schema version 2.

-- cleaned_seq: the files of events up to this one are gone, as far as on_consumed says.
ALTER TABLE lakebeat_sensor ADD COLUMN cleaned_seq INTEGER NOT NULL DEFAULT 0;
