-- A schedule may start a flow of its agent.
alter table schedules add column flow_id text;
