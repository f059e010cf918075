-- Who is told of what, and how. Whoever has no row is told of what waits for them and of budgets, by mail.

create table notify_settings (
  user_key bigint primary key references users (key) on delete cascade,
  mail_waiting boolean not null,
  mail_failed boolean not null,
  mail_budget boolean not null,
  webhook_waiting boolean not null,
  webhook_failed boolean not null,
  webhook_budget boolean not null,
  -- Sealed: an address can be a secret. Null: there is none.
  webhook_url text,
  -- Scheme and host of it, to be shown.
  webhook_address text,
  webhook_format text check (webhook_format in ('json', 'slack')),
  -- Sealed. What messages are signed with.
  webhook_secret text,
  -- False while there is none, or it was switched off.
  webhook_on boolean not null,
  -- Why it was switched off.
  webhook_note text,
  updated_at bigint not null
);

-- What people are told: written with the change it tells of, sent later, kept as a log.
create table deliveries (
  key bigint generated always as identity primary key,
  -- The same for each attempt.
  id text not null unique,
  user_key bigint not null references users (key) on delete cascade,
  -- Whoever may not see it any more is not told. Null: several.
  agent_key bigint references agents (key) on delete cascade,
  channel text not null check (channel in ('mail', 'webhook')),
  kind text not null check (kind in ('waiting', 'reminder', 'failed', 'budget')),
  title text not null,
  -- JSON.
  payload text not null,
  -- A path of the site.
  link text not null,
  -- Of a summary: how many messages it stands for.
  more bigint,
  state text not null check (state in ('waiting', 'sent', 'given_up')),
  attempts bigint not null default 0,
  -- Waiting: not before.
  next_at bigint not null,
  -- Which server is sending it, and until when nobody else does.
  claimed_by text,
  claimed_until bigint,
  last_error text,
  created_at bigint not null,
  ended_at bigint
);
create index deliveries_due on deliveries (user_key, channel, next_at, key) where state = 'waiting';
create index deliveries_claimed on deliveries (user_key, channel) where claimed_until is not null;
create index deliveries_recent on deliveries (user_key, channel, kind, created_at);
create index deliveries_of_user on deliveries (user_key, key);
create index deliveries_by_age on deliveries (created_at);

-- Told already: how far an agent has used up a limit, once for each level of each limit in each day and month.
create table budget_marks (
  agent_key bigint not null references agents (key) on delete cascade,
  span text not null check (span in ('day', 'month')),
  starts_at bigint not null,
  limit_nanos bigint not null,
  level text not null check (level in ('warn', 'spent')),
  primary key (agent_key, span, starts_at, limit_nanos, level)
);
create index budget_marks_by_age on budget_marks (starts_at);
create index agents_with_budget on agents (key) where budget is not null;
