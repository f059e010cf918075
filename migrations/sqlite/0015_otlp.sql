-- OpenTelemetry in: spans as they came, and the traces they belong to. What one person sends never mixes with another's.

create table traces (
  key integer primary key,
  user_key integer not null references users (key) on delete cascade,
  -- Hexadecimal.
  trace_id text not null,
  -- The run that it tells of; null: none, or none yet.
  execution_key integer references executions (key) on delete set null,
  service text not null,
  -- Of its spans, as they say.
  starts_at integer not null,
  ends_at integer not null,
  span_count integer not null default 0,
  bytes integer not null default 0,
  -- What did not fit.
  left_out integer not null default 0,
  first_received_at integer not null,
  last_received_at integer not null,
  -- +1 with every batch that brought something.
  version integer not null default 0,
  -- +1 each time its run was derived.
  looks integer not null default 0,
  -- Until then its run is not derived anew: a large one takes long.
  calm_until integer not null default 0,
  -- open: its root has not ended. over: it has, a moment ago. quiet: taken to have ended. settled: nothing changes its status.
  -- refused: it names an agent that is not its sender's; its spans are gone, and further ones are not taken.
  state text not null default 'open' check (state in ('open', 'over', 'quiet', 'settled', 'refused')),
  -- When its root's end came.
  over_at integer,
  -- When to look at it again.
  due_at integer,
  -- A run by itself, whatever other traces hold.
  alone boolean not null default false,
  -- Nothing but a library's own reports of what another one may tell of, too.
  own_report boolean not null default false,
  -- JSON array of agents that the token which sent it first is limited to; null: all of its user's.
  agents text,
  unique (user_key, trace_id)
);
create index traces_by_execution on traces (execution_key) where execution_key is not null;
create index traces_due on traces (due_at, key) where due_at is not null;
create index traces_by_time on traces (user_key, service, starts_at);
create index traces_of_reports on traces (user_key, service, starts_at) where own_report and not alone;
create index traces_by_arrival on traces (user_key, first_received_at);
create index traces_of_nothing on traces (last_received_at, key) where execution_key is null;

-- What traces are found by that belong together: conversation, answer, link.
create table trace_marks (
  user_key integer not null,
  kind text not null check (kind in ('answer', 'conversation', 'link')),
  mark text not null,
  trace_key integer not null references traces (key) on delete cascade,
  primary key (user_key, kind, mark, trace_key)
) without rowid;
create index trace_marks_by_trace on trace_marks (trace_key);

-- Who sent spans of a trace: the same for most of them.
create table trace_origins (
  trace_key integer not null references traces (key) on delete cascade,
  id integer not null,
  data text not null,
  primary key (trace_key, id)
) without rowid;

create table spans (
  key integer primary key,
  trace_key integer not null references traces (key) on delete cascade,
  -- Hexadecimal.
  span_id text not null,
  origin integer not null,
  -- JSON, without its origin.
  data text not null,
  received_at integer not null,
  unique (trace_key, span_id)
);

create table trace_logs (
  key integer primary key,
  trace_key integer not null references traces (key) on delete cascade,
  id integer not null,
  origin integer not null,
  data text not null,
  received_at integer not null,
  unique (trace_key, id)
);

-- Runs that left a list for good, or an agent's: what they were when somebody last saw them there. For those who listen.
create table departures (
  execution_key integer not null,
  agent_key integer not null,
  -- JSON.
  summary text not null,
  at integer not null,
  primary key (execution_key, agent_key)
) without rowid;
create index departures_by_age on departures (at);

-- What models cost, beside the list that is shipped: USD for a million tokens.
create table prices (
  key integer primary key,
  provider text not null,
  model text not null,
  from_at integer not null,
  input double precision not null,
  output double precision not null,
  cached double precision,
  cache_write double precision,
  source text,
  unique (provider, model, from_at)
);
