-- Where a run stands among the events, and which failure it shares with others.
-- `created_seq`: the newest event when the run was recorded, so it existed as of every later one.
-- `status_seq`: the newest event when its status last changed. -1: before this step, unknown.
alter table executions add column created_seq bigint not null default -1;
alter table executions add column status_seq bigint not null default -1;
alter table executions add column error_group text;
create index executions_by_change on executions (status, status_seq, agent_key);
create index executions_by_error_group on executions (error_group, sort_at, key) where error_group is not null;

-- What runs of a group have in common.
create table error_groups (
  id text primary key,
  pattern text not null
);

-- What happened while somebody was away: the events after `seq`, when they left at `at`, up to `back_seq`, when they
-- came back. `here_seq` and `here_at`: they were here last.
create table marks (
  user_key bigint primary key references users (key) on delete cascade,
  seq bigint not null,
  at bigint not null,
  back_seq bigint not null,
  here_seq bigint not null,
  here_at bigint not null
);
