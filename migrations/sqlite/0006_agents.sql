-- What Runboard needs to run an agent itself. Secrets are never here: only names of environment variables are.
-- JSON by kind of agent; null for external ones.
alter table agents add column config text;
alter table agents add column max_concurrency integer not null default 1 check (max_concurrency >= 1);
alter table agents add column timeout_s integer;
-- JSON: which failed runs are started again, and what the agent may spend.
alter table agents add column retry text;
alter table agents add column budget text;
-- Deleted while it had runs: they stay, it starts no more.
alter table agents add column retired_at integer;
