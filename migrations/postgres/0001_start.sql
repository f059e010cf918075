-- Times are microseconds since 1970 UTC, money is nano-USD, JSON is text.
-- Every `key` is internal: small, and never shown.

create table users (
  key bigint generated always as identity primary key,
  id text not null unique,
  email text not null unique,
  display_name text not null,
  role text not null check (role in ('admin', 'user', 'client')),
  password_hash text,
  created_at bigint not null
);

create table sessions (
  hash text primary key,
  user_key bigint not null references users (key) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null
);
create index sessions_by_user on sessions (user_key);

create table tokens (
  key bigint generated always as identity primary key,
  id text not null unique,
  user_key bigint not null references users (key) on delete cascade,
  name text not null,
  scope text not null check (scope in ('read', 'write', 'admin')),
  -- JSON array of agent names the token is limited to; null: all of its user's.
  agents text,
  hash text not null unique,
  created_at bigint not null,
  expires_at bigint,
  last_used_at bigint
);
create index tokens_by_user on tokens (user_key, key);

create table agents (
  key bigint generated always as identity primary key,
  name text not null unique,
  display_name text not null,
  description text,
  kind text not null check (kind in ('external', 'openai', 'command', 'webhook')),
  owner_key bigint not null references users (key),
  created_at bigint not null
);
create index agents_by_owner on agents (owner_key, name);

create table shares (
  agent_key bigint not null references agents (key) on delete cascade,
  user_key bigint not null references users (key) on delete cascade,
  access text not null check (access in ('view', 'operate')),
  created_at bigint not null,
  primary key (agent_key, user_key)
);
create index shares_by_user on shares (user_key, agent_key);

create table executions (
  key bigint generated always as identity primary key,
  id text not null unique,
  agent_key bigint not null references agents (key),
  user_key bigint references users (key),
  status text not null
    check (status in ('queued', 'running', 'waiting', 'paused', 'success', 'failed', 'cancelled')),
  triggered_by text not null check (triggered_by in ('manual', 'schedule', 'api', 'agent', 'mcp', 'cli')),
  queued_at bigint not null,
  started_at bigint,
  completed_at bigint,
  -- The effective start: started_at, else queued_at.
  sort_at bigint not null,
  duration_ms bigint,
  cost_nanos bigint,
  input_tokens bigint,
  output_tokens bigint,
  total_tokens bigint,
  cached_tokens bigint,
  reasoning_tokens bigint,
  context_used bigint,
  context_max bigint,
  model text,
  -- The first 200 characters; execution_texts has the whole when it is longer.
  message text not null,
  response text,
  error text,
  has_error boolean not null,
  tool_call_count bigint not null default 0,
  steps_done bigint not null default 0,
  steps_total bigint,
  current_step text,
  current_tool text,
  current_tool_since bigint,
  waiting_on text,
  had_interaction boolean not null default false,
  thread_id text,
  flow_id text,
  parent_id text,
  retry_of text,
  attempt bigint not null default 1,
  labels text,
  cancel_requested_at bigint,
  cancel_requested_by text,
  heartbeat_at bigint,
  log_lines bigint not null default 0,
  version bigint not null default 1,
  updated_at bigint not null
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
  key bigint primary key references executions (key) on delete cascade,
  message text,
  response text,
  error text,
  metadata text
);

create table execution_labels (
  name text not null,
  value text not null,
  execution_key bigint not null references executions (key) on delete cascade,
  primary key (name, value, execution_key)
);
create index execution_labels_by_execution on execution_labels (execution_key);

-- Case-folded message, response and error, and the trigrams in them.
create table execution_search (
  key bigint primary key references executions (key) on delete cascade,
  folded text not null
);
create extension if not exists pg_trgm;
create index execution_trigrams on execution_search using gin (folded gin_trgm_ops);

create table steps (
  execution_key bigint not null references executions (key) on delete cascade,
  position bigint not null,
  title text not null,
  kind text not null,
  status text not null check (status in ('running', 'success', 'failed')),
  input text,
  output text,
  error text,
  started_at bigint,
  completed_at bigint,
  input_tokens bigint,
  output_tokens bigint,
  cost_nanos bigint,
  primary key (execution_key, position)
);

create table tool_calls (
  key bigint generated always as identity primary key,
  execution_key bigint not null references executions (key) on delete cascade,
  call_id text not null,
  name text not null,
  -- Case-folded: tools whose names differ in case alone are one to filters and facets.
  folded_name text not null,
  arguments text,
  result text,
  error text,
  status text not null check (status in ('running', 'success', 'failed')),
  started_at bigint not null,
  completed_at bigint,
  parent_call_id text,
  unique (execution_key, call_id)
);
create index tool_calls_by_start on tool_calls (execution_key, started_at, key);
create index tool_calls_by_name on tool_calls (folded_name, execution_key);

create table log_lines (
  execution_key bigint not null references executions (key) on delete cascade,
  seq bigint not null,
  ts bigint not null,
  stream text not null check (stream in ('stdout', 'stderr', 'system')),
  text text not null,
  primary key (execution_key, seq)
);

-- The outbox: written in the same transaction as the change it tells of.
create table events (
  seq bigint generated always as identity primary key,
  execution_key bigint not null,
  agent_key bigint not null,
  kind text not null check (kind in ('started', 'updated', 'completed', 'failed', 'cancelled')),
  at bigint not null
);

create table idempotency (
  user_key bigint not null,
  idempotency_key text not null,
  request text not null,
  status bigint not null,
  body text not null,
  created_at bigint not null,
  primary key (user_key, idempotency_key)
);
create index idempotency_by_age on idempotency (created_at);

create table settings (
  name text primary key,
  value text not null
);
