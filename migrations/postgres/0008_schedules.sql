-- When agents run by themselves.

create table schedules (
  agent_key bigint primary key references agents (key) on delete cascade,
  -- Who set it: the runs are theirs.
  user_key bigint not null references users (key) on delete cascade,
  cron text not null,
  timezone text not null,
  message text not null,
  enabled boolean not null,
  overlap text not null check (overlap in ('skip', 'queue')),
  -- Null: switched off, or never again.
  next_at bigint
);
create index schedules_by_next on schedules (next_at) where next_at is not null;

-- A row for each time that came: it makes one run, whichever server sees it first.
create table schedule_runs (
  agent_key bigint not null references agents (key) on delete cascade,
  due_at bigint not null,
  execution_id text,
  -- Why it made none.
  reason text,
  primary key (agent_key, due_at)
);
create index schedule_runs_by_age on schedule_runs (due_at);
