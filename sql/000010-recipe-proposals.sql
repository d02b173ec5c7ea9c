-- Recipes that were measured on people who are here, waiting for somebody to adopt one; and who those people were, for as long as they contribute.

create table recipe_proposals (
  proposal_id uuid        primary key,
  model       text        not null,
  recipe      jsonb       not null,
  people      bigint      not null,
  curve       jsonb       not null,
  proposed_at timestamptz not null,
  leaf        bytea       not null,
  leaf_key    bytea       not null
);

create table tuning_people (
  person_id   uuid  not null,
  proposal_id uuid  not null,
  model       text  not null,
  tag         bytea not null check (octet_length(tag) = 16),
  primary key (person_id, proposal_id)
);
create index "tuning_people#proposal_id" on tuning_people (proposal_id);

-- Null for a recipe that nobody was measured for; the people of another place have a number and no proposal here.
alter table recipes add column proposal_id uuid;
alter table recipes add column tuned_people bigint;
