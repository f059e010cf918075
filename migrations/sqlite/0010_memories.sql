-- Short named notes on an agent, given to its prompts.
create table memories (
  agent_key integer not null references agents (key) on delete cascade,
  name text not null,
  content text not null,
  created_at integer not null,
  updated_at integer not null,
  primary key (agent_key, name)
) without rowid;
