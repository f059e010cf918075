-- Fingerprint of what was asked for with a bulk job's request key.
alter table bulk_jobs add column request text;
