-- What runs ask of people: approvals and questions, who is asked, and what was answered.

create table interactions (
  key integer primary key,
  id text not null unique,
  execution_key integer not null references executions (key) on delete cascade,
  agent_key integer not null,
  kind text not null check (kind in ('approval', 'question')),
  -- The flow's step that asks.
  step integer,
  title text not null,
  message text not null,
  policy text not null check (policy in ('any', 'all', 'majority')),
  -- JSON.
  parameters text,
  parameters_hash text not null,
  -- Of title, message and parameters: what is equal is decided together.
  alike text not null,
  -- JSON; of a question.
  fields text,
  answers text,
  -- Who started the run.
  requester_key integer references users (key),
  -- Whoever operates the agent may answer, named or not.
  open_to_operators boolean not null,
  on_reject text not null check (on_reject in ('fail', 'continue')),
  status text not null check (status in ('pending', 'approved', 'rejected', 'answered', 'timeout', 'cancelled')),
  -- How it ended, and by whom.
  outcome text,
  asked_at integer not null,
  expires_at integer,
  remind_at integer,
  decided_at integer,
  changed_at integer not null
);
create index interactions_by_execution on interactions (execution_key, key);
create index interactions_by_agent on interactions (agent_key, decided_at, key) where decided_at is not null;
create index interactions_decided on interactions (decided_at, key) where decided_at is not null;
create index interactions_by_status on interactions (status, key);
create index interactions_expiring on interactions (expires_at) where status = 'pending' and expires_at is not null;
create index interactions_reminding on interactions (remind_at) where status = 'pending' and remind_at is not null;

create table approvers (
  interaction_key integer not null references interactions (key) on delete cascade,
  user_key integer not null references users (key),
  -- Does not count.
  excluded text check (excluded in ('requester', 'removed')),
  decision text check (decision in ('approve', 'reject')),
  comment text,
  at integer,
  -- The standing rule that decided.
  rule_key integer,
  -- Kept beside what it follows from, so that what waits for somebody is found at once: it is pending, the person
  -- counts and has said nothing.
  turn boolean not null,
  -- The same of what was asked, for finding and counting what is equal, and when it was over.
  alike text not null,
  ended_at integer,
  primary key (interaction_key, user_key)
) without rowid;
create index approvers_turn on approvers (user_key, interaction_key) where turn;
create index approvers_ended on approvers (user_key, ended_at, interaction_key) where ended_at is not null;
create index approvers_alike on approvers (user_key, alike, interaction_key);

-- What somebody approves without being asked, until then.
create table standing_rules (
  key integer primary key,
  id text not null unique,
  user_key integer not null references users (key) on delete cascade,
  agent_key integer not null references agents (key) on delete cascade,
  alike text not null,
  title text not null,
  message text not null,
  parameters text,
  parameters_hash text not null,
  created_at integer not null,
  expires_at integer not null,
  revoked_at integer,
  revoked_by integer references users (key),
  uses integer not null default 0,
  last_used_at integer
);
create index standing_rules_by_user on standing_rules (user_key, key);
create index standing_rules_by_agent on standing_rules (agent_key, alike, user_key);

-- People who left keep their name on what they did, and can do nothing more.
alter table users add column left_at integer;
