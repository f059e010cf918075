-- A filter, an order and columns under a name.
create table views (
  key bigint generated always as identity primary key,
  id text not null unique,
  owner_key bigint not null references users (key) on delete cascade,
  name text not null,
  -- The page's query string in normal form.
  query text not null,
  shared boolean not null default false,
  created_at bigint not null,
  updated_at bigint not null,
  unique (owner_key, name)
);
create index views_by_owner on views (owner_key, key);
create index views_shared on views (key) where shared;

-- Which view a person begins with: their own or a shared one.
create table default_views (
  user_key bigint primary key references users (key) on delete cascade,
  view_key bigint not null references views (key) on delete cascade
);
create index default_views_by_view on default_views (view_key);
