-- Times are microseconds since 1970 UTC, money is nano-USD, booleans are 0/1, JSON is text.
-- Every `key` is internal: small, and never shown.

create table users (
  key integer primary key,
  id text not null unique,
  email text not null unique,
  display_name text not null,
  role text not null check (role in ('admin', 'user', 'client')),
  password_hash text,
  created_at integer not null
);

create table sessions (
  hash text primary key,
  user_key integer not null references users (key) on delete cascade,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index sessions_by_user on sessions (user_key);

create table tokens (
  key integer primary key,
  id text not null unique,
  user_key integer not null references users (key) on delete cascade,
  name text not null,
  scope text not null check (scope in ('read', 'write', 'admin')),
  -- JSON array of agent names the token is limited to; null: all of its user's.
  agents text,
  hash text not null unique,
  created_at integer not null,
  expires_at integer,
  last_used_at integer
);
create index tokens_by_user on tokens (user_key, key);

create table agents (
  key integer primary key,
  name text not null unique,
  display_name text not null,
  description text,
  kind text not null check (kind in ('external', 'openai', 'command', 'webhook')),
  owner_key integer not null references users (key),
  created_at integer not null
);
create index agents_by_owner on agents (owner_key, name);

create table shares (
  agent_key integer not null references agents (key) on delete cascade,
  user_key integer not null references users (key) on delete cascade,
  access text not null check (access in ('view', 'operate')),
  created_at integer not null,
  primary key (agent_key, user_key)
) without rowid;
create index shares_by_user on shares (user_key, agent_key);

create table executions (
  key integer primary key,
  id text not null unique,
  agent_key integer not null references agents (key),
  user_key integer references users (key),
  status text not null
    check (status in ('queued', 'running', 'waiting', 'paused', 'success', 'failed', 'cancelled')),
  triggered_by text not null check (triggered_by in ('manual', 'schedule', 'api', 'agent', 'mcp', 'cli')),
  queued_at integer not null,
  started_at integer,
  completed_at integer,
  -- The effective start: started_at, else queued_at.
  sort_at integer not null,
  duration_ms integer,
  cost_nanos integer,
  input_tokens integer,
  output_tokens integer,
  total_tokens integer,
  cached_tokens integer,
  reasoning_tokens integer,
  context_used integer,
  context_max integer,
  model text,
  -- The first 200 characters; execution_texts has the whole when it is longer.
  message text not null,
  response text,
  error text,
  has_error boolean not null,
  tool_call_count integer not null default 0,
  steps_done integer not null default 0,
  steps_total integer,
  current_step text,
  current_tool text,
  current_tool_since integer,
  waiting_on text,
  had_interaction boolean not null default false,
  thread_id text,
  flow_id text,
  parent_id text,
  retry_of text,
  attempt integer not null default 1,
  labels text,
  cancel_requested_at integer,
  cancel_requested_by text,
  heartbeat_at integer,
  log_lines integer not null default 0,
  version integer not null default 1,
  updated_at integer not null
);
create index executions_by_start on executions (sort_at, key);
create index executions_by_agent on executions (agent_key, sort_at, key);
create index executions_by_status on executions (status, sort_at, key);
create index executions_by_trigger on executions (triggered_by, sort_at, key);
create index executions_by_agent_status on executions (agent_key, status, sort_at, key);
create index executions_unfinished on executions (sort_at, key)
  where status in ('queued', 'running', 'waiting', 'paused');
create index executions_by_duration on executions (duration_ms, key) where duration_ms is not null;
create index executions_by_cost on executions (cost_nanos, key) where cost_nanos is not null;
create index executions_without_duration on executions (key) where duration_ms is null;
create index executions_without_cost on executions (key) where cost_nanos is null;
create index executions_by_thread on executions (thread_id, sort_at, key) where thread_id is not null;
create index executions_by_flow on executions (flow_id, sort_at, key) where flow_id is not null;
create index executions_by_parent on executions (parent_id, sort_at, key) where parent_id is not null;
create index executions_by_retry on executions (retry_of, key) where retry_of is not null;
create index executions_by_model on executions (model, sort_at, key) where model is not null;

create table execution_texts (
  key integer primary key references executions (key) on delete cascade,
  message text,
  response text,
  error text,
  metadata text
);

create table execution_labels (
  name text not null,
  value text not null,
  execution_key integer not null references executions (key) on delete cascade,
  primary key (name, value, execution_key)
) without rowid;
create index execution_labels_by_execution on execution_labels (execution_key);

-- Case-folded message, response and error, and the trigrams in them.
create table execution_search (
  key integer primary key references executions (key) on delete cascade,
  folded text not null
);
create virtual table execution_trigrams using fts5 (
  folded, content = 'execution_search', content_rowid = 'key',
  tokenize = 'trigram case_sensitive 1', detail = 'none', columnsize = 0
);

create table steps (
  execution_key integer not null references executions (key) on delete cascade,
  position integer not null,
  title text not null,
  kind text not null,
  status text not null check (status in ('running', 'success', 'failed')),
  input text,
  output text,
  error text,
  started_at integer,
  completed_at integer,
  input_tokens integer,
  output_tokens integer,
  cost_nanos integer,
  primary key (execution_key, position)
) without rowid;

create table tool_calls (
  key integer primary key,
  execution_key integer not null references executions (key) on delete cascade,
  call_id text not null,
  name text not null,
  -- Case-folded: tools whose names differ in case alone are one to filters and facets.
  folded_name text not null,
  arguments text,
  result text,
  error text,
  status text not null check (status in ('running', 'success', 'failed')),
  started_at integer not null,
  completed_at integer,
  parent_call_id text,
  unique (execution_key, call_id)
);
create index tool_calls_by_start on tool_calls (execution_key, started_at, key);
create index tool_calls_by_name on tool_calls (folded_name, execution_key);

create table log_lines (
  execution_key integer not null references executions (key) on delete cascade,
  seq integer not null,
  ts integer not null,
  stream text not null check (stream in ('stdout', 'stderr', 'system')),
  text text not null,
  primary key (execution_key, seq)
) without rowid;

-- The outbox: written in the same transaction as the change it tells of.
create table events (
  seq integer primary key autoincrement,
  execution_key integer not null,
  agent_key integer not null,
  kind text not null check (kind in ('started', 'updated', 'completed', 'failed', 'cancelled')),
  at integer not null
);

create table idempotency (
  user_key integer not null,
  idempotency_key text not null,
  request text not null,
  status integer not null,
  body text not null,
  created_at integer not null,
  primary key (user_key, idempotency_key)
) without rowid;
create index idempotency_by_age on idempotency (created_at);

create table settings (
  name text primary key,
  value text not null
) without rowid;
