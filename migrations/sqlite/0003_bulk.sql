-- Bulk actions. Which runs a job is for is fixed when it is made: a row for each, worked off in order.

create table bulk_jobs (
  key integer primary key,
  id text not null unique,
  user_key integer not null references users (key) on delete cascade,
  -- Hash of the token that asked; null: a person signed in. What they may do is asked again at each row.
  token_hash text,
  -- Requests of a person with the same key are one job.
  request_key text,
  action text not null check (action in ('terminate', 'retry')),
  state text not null check (state in ('running', 'done', 'aborted')),
  counted integer not null,
  excluded integer not null,
  -- Position of the row that is next.
  next integer not null default 1,
  done integer not null default 0,
  skipped integer not null default 0,
  failed integer not null default 0,
  -- Which server is at it, and until when nobody else takes it up.
  lease_owner text,
  lease_until integer,
  created_at integer not null,
  finished_at integer
);
create unique index bulk_jobs_by_request on bulk_jobs (user_key, request_key) where request_key is not null;
create index bulk_jobs_by_user on bulk_jobs (user_key, key);
create index bulk_jobs_by_token on bulk_jobs (token_hash, key) where token_hash is not null;
create index bulk_jobs_unfinished on bulk_jobs (key) where state = 'running';
create index bulk_jobs_by_end on bulk_jobs (finished_at) where finished_at is not null;

create table bulk_rows (
  job_key integer not null references bulk_jobs (key) on delete cascade,
  -- From 1: first the runs that are counted, then those that are not.
  position integer not null,
  execution_id text not null,
  -- Null: not done yet.
  result text check (result in ('done', 'skipped', 'failed', 'excluded')),
  reason text,
  at integer,
  primary key (job_key, position)
) without rowid;
