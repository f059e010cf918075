-- Runs that Runboard does itself: a row for each that has not ended, made and removed with the run's own change.

create table queue (
  execution_key integer primary key references executions (key) on delete cascade,
  agent_key integer not null,
  -- ready: waits for its turn. working: a server is at it. away: others are at it and will report.
  -- parked: waits for a person.
  state text not null check (state in ('ready', 'working', 'away', 'parked')),
  -- ready: not before; working: until when the server at it is taken to be alive.
  at integer not null,
  owner text,
  -- When it has taken too long; null: nobody is at it yet.
  deadline integer,
  -- 1 for a run that was asked for, +1 for each one started again by itself.
  tries integer not null default 1
);
create index queue_by_agent on queue (agent_key, state, at, execution_key);
create index queue_by_state on queue (state, at);
create index queue_by_deadline on queue (deadline) where deadline is not null;

-- What was known of a run when somebody asked it to stop: what it did after that is seen by it.
create table stops (
  execution_key integer primary key references executions (key) on delete cascade,
  -- Whoever runs it has heard.
  acknowledged_at integer,
  cost_nanos integer,
  input_tokens integer,
  output_tokens integer
);
