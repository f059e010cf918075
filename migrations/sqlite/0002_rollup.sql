-- Runs counted by hour, day and eight days of their effective start, so that totals over a long history cost little. Kept in
-- the transaction that changes a run; filled from the runs there are when this step is taken (settings: rollup).
create table execution_rollup (
  -- Seconds: 3600, 86400 or 691200.
  span integer not null,
  -- 0: all agents together.
  agent_key integer not null,
  starts_at integer not null,
  status text not null,
  triggered_by text not null,
  -- '' when unknown.
  model text not null,
  -- 1: had an interaction, 2: has an error, 4: is nobody's sub-run.
  flags integer not null,
  runs integer not null,
  cost_nanos double precision not null,
  priced integer not null,
  tokens double precision not null,
  duration_ms double precision not null,
  timed integer not null,
  -- How many runs lasted how long: `class:runs` separated by spaces, classes 4 % apart.
  durations text not null,
  primary key (span, agent_key, starts_at, status, triggered_by, model, flags)
) without rowid;
