-- What agents go through, step by step.

create table flows (
  key integer primary key,
  id text not null unique,
  agent_key integer not null references agents (key) on delete cascade,
  name text not null,
  -- The newest.
  version integer not null,
  created_at integer not null,
  updated_at integer not null,
  -- Deleted: its runs keep the versions they did.
  retired_at integer
);
create unique index flows_by_agent on flows (agent_key, name) where retired_at is null;
create index flows_by_name on flows (name, key) where retired_at is null;

create table flow_versions (
  flow_key integer not null references flows (key) on delete cascade,
  version integer not null,
  name text not null,
  on_interruption text not null check (on_interruption in ('resume', 'fail')),
  -- JSON.
  steps text not null,
  -- Who made it.
  user_key integer not null references users (key),
  created_at integer not null,
  primary key (flow_key, version)
) without rowid;

-- Which version of a flow a run does.
create table flow_runs (
  execution_key integer primary key references executions (key) on delete cascade,
  flow_key integer not null references flows (key) on delete cascade,
  version integer not null,
  -- Steps before it were done by the run it retries.
  from_step integer not null,
  -- Its message was given by somebody; otherwise it is the flow's name.
  with_message boolean not null,
  pause_requested_at integer,
  -- How often another server took it up.
  resumed integer not null default 0
);
create index flow_runs_by_flow on flow_runs (flow_key, execution_key);

create index executions_of_flows on executions (sort_at, key, agent_key) where flow_id is not null;
