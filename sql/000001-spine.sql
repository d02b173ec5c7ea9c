-- The first schema: keys and identifiers, the catalogue, consent, people and their contributions, models, decisions, access keys.
-- Person tables begin every key with person_id, so that they can be distributed by it; ids and times are made by the application.

-- vault ---------------------------------------------------------------------------------------------------------------------------

create table person_keys (
  person_id    uuid        primary key,
  key_epoch    integer     not null check (key_epoch > 0),
  wrapped_key  bytea       not null,
  created_at   timestamptz not null
);

-- A keyed fingerprint of the master key, so that a wrong key file is noticed before it writes.
create table key_checks (
  name        text        primary key,
  fingerprint bytea       not null,
  created_at  timestamptz not null
);

-- Look-up from a keyed hash to a person: the one place where an identifier leads to somebody.
create table identifiers (
  identifier_hash bytea       primary key check (octet_length(identifier_hash) = 32),
  person_id       uuid        not null,
  kind            text        not null,
  created_at      timestamptz not null
);

create table person_identifiers (
  person_id       uuid        not null,
  identifier_hash bytea       not null,
  kind            text        not null,
  sealed          bytea       not null,
  created_at      timestamptz not null,
  primary key (person_id, identifier_hash)
);

-- catalogue -----------------------------------------------------------------------------------------------------------------------

create table items (
  item_id      text        primary key check (length(item_id) between 1 and 200),
  item_number  integer     not null unique check (item_number >= 0),
  title        text        not null,
  category     text,
  supplier     text,
  price_minor  bigint      check (price_minor >= 0),
  currency     text        check (length(currency) = 3),
  available    boolean     not null,
  url          text,
  image        text,
  topics       text[]      not null,
  attributes   jsonb       not null,
  updated_at   timestamptz not null,
  tag          bytea       not null
);

-- consent -------------------------------------------------------------------------------------------------------------------------

create table policy_versions (
  policy_version integer     primary key check (policy_version > 0),
  policy_digest  text        not null,
  document       jsonb       not null,
  adopted_by     text        not null,
  adopted_at     timestamptz not null,
  leaf           bytea       not null,
  leaf_key       bytea       not null
);

-- Append-only: the state of a purpose is its entry with the highest number. Every entry carries the hash of the one before.
create table consent_entries (
  person_id      uuid        not null,
  entry_number   integer     not null check (entry_number > 0),
  entry_id       uuid        not null,
  purpose        text        not null,
  action         text        not null check (action in ('grant', 'withdraw')),
  notice_version integer     not null,
  policy_version integer     not null,
  method         text        not null,
  source         text        not null,
  evidence       bytea,
  at             timestamptz not null,
  recorded_at    timestamptz not null,
  previous_hash  bytea       not null,
  entry_hash     bytea       not null,
  leaf           bytea       not null,
  leaf_key       bytea       not null,
  primary key (person_id, entry_number)
);
create index "consent_entries#person_id#purpose#entry_number" on consent_entries (person_id, purpose, entry_number desc);

-- people --------------------------------------------------------------------------------------------------------------------------

-- The row that is locked, and nothing else: shared by whoever adds to a person, exclusively by whoever folds or forgets.
-- `revision` grows with every consent entry and every forgetting: a write that was prepared under an older one does not take place.
create table persons (
  person_id  uuid        primary key,
  revision   integer     not null check (revision >= 0),
  created_at timestamptz not null
);

-- Whose visitor records a person has taken over; an access or an erasure reaches through it.
create table merged_people (
  person_id uuid        not null,
  merged_id uuid        not null,
  merged_at timestamptz not null,
  tag       bytea       not null,
  primary key (person_id, merged_id)
);

create table profile_fields (
  person_id  uuid        not null,
  field      text        not null,
  value      text,
  sealed     bytea,
  updated_at timestamptz not null,
  tag        bytea       not null,
  primary key (person_id, field),
  check ((value is null) <> (sealed is null))
);

-- `purposes` are those that stood when the event was kept; a withdrawal takes its purpose out, and a later grant does not put it back.
create table events (
  person_id   uuid        not null,
  event_id    uuid        not null,
  name        text        not null,
  item_ids    text[]      not null,
  properties  jsonb       not null,
  purposes    text[]      not null check (cardinality(purposes) > 0),
  source      text        not null,
  at          timestamptz not null,
  received_at timestamptz not null,
  tag         bytea       not null,
  primary key (person_id, event_id)
);

-- Which messages have been taken in; a hash alone, so that it may outlive the person it came from.
create table inbox (
  message_hash bytea       primary key,
  received_at  timestamptz not null
);

-- What was not kept, by day, reason and declared or undeclared name: so that `doctor` can say why nothing arrives. About nobody.
create table intake_counts (
  day    date   not null,
  reason text   not null,
  name   text   not null,
  count  bigint not null,
  primary key (day, reason, name)
);

create table exclusions (
  person_id    uuid        not null,
  exclusion_id uuid        not null,
  item_id      text,
  from_at      timestamptz,
  until_at     timestamptz,
  excluded_at  timestamptz not null,
  tag          bytea       not null,
  primary key (person_id, exclusion_id),
  check (item_id is not null or (from_at is not null and until_at is not null))
);

-- The truth that models are summed from: one row a person and model, replaced whole.
create table contributions (
  person_id uuid      not null,
  model     text      not null,
  items     integer[] not null,
  primary key (person_id, model)
);

-- Where each sum stands: its digest equals the digest of its contribution rows in every snapshot.
create table sums (
  model      text        primary key,
  position   bigint      not null check (position >= 0),
  people     bigint      not null check (people >= 0),
  digest     bytea       not null check (octet_length(digest) = 2048),
  updated_at timestamptz not null
);

-- What followers of a sum have yet to add and subtract; a row goes as soon as it has been applied.
create table deltas (
  model    text      not null,
  position bigint    not null,
  removed  integer[],
  added    integer[],
  primary key (model, position)
);

create table fold_queue (
  person_id uuid        primary key,
  queued_at timestamptz not null
);
create index "fold_queue#queued_at" on fold_queue (queued_at);

create table receipts (
  person_id  uuid        not null,
  receipt_id uuid        not null,
  kind       text        not null check (kind in ('withdraw', 'exclude', 'expire', 'rectify', 'merge', 'erase')),
  at         timestamptz not null,
  record     jsonb       not null,
  leaf       bytea       not null,
  leaf_key   bytea       not null,
  primary key (person_id, receipt_id)
);

-- Read by every restore before it serves: the random ids of people who were erased, and when.
create table erasure_journal (
  person_id uuid        primary key,
  erased_at timestamptz not null,
  tag       bytea       not null
);

-- models --------------------------------------------------------------------------------------------------------------------------

create table recipes (
  recipe_id  uuid        primary key,
  model      text        not null,
  recipe     jsonb       not null,
  adopted_by text        not null,
  adopted_at timestamptz not null,
  leaf       bytea       not null,
  leaf_key   bytea       not null
);
create index "recipes#model#adopted_at" on recipes (model, adopted_at desc);

create table model_versions (
  version_id       uuid        primary key,
  model            text        not null,
  recipe_id        uuid        not null references recipes (recipe_id),
  position         bigint      not null,
  people           bigint      not null,
  sum_digest       bytea       not null,
  parameter_digest text        not null,
  parameters       bytea,
  quality          jsonb       not null,
  solve_ms         integer     not null,
  published_at     timestamptz not null,
  superseded_at    timestamptz,
  leaf             bytea       not null,
  leaf_key         bytea       not null
);
create index "model_versions#model#published_at" on model_versions (model, published_at desc);

-- deciding ------------------------------------------------------------------------------------------------------------------------

create table decisions (
  person_id   uuid        not null,
  decision_id uuid        not null,
  placement   text        not null,
  at          timestamptz not null,
  expires_at  timestamptz not null,
  -- No foreign key: each decision would lock the one row of the version in force, for 60 µs, and `verify` looks anyway.
  version_id  uuid        not null,
  record      text        not null,
  redacted_at timestamptz,
  leaf        bytea       not null,
  leaf_key    bytea,
  primary key (person_id, decision_id)
);

create index "decisions#version_id" on decisions (version_id);
create index "decisions#expires_at" on decisions (expires_at);

create table decision_people (
  decision_id uuid primary key,
  person_id   uuid not null
);

create table outcomes (
  person_id   uuid        not null,
  decision_id uuid        not null,
  outcome_id  uuid        not null,
  kind        text        not null check (kind in ('shown', 'clicked', 'goal')),
  item_id     text,
  at          timestamptz not null,
  tag         bytea       not null,
  primary key (person_id, decision_id, outcome_id),
  foreign key (person_id, decision_id) references decisions (person_id, decision_id) on delete cascade
);

-- Answers that were about nobody: no person, no reason, or the reason would tell about somebody.
create table nonpersonal_decisions (
  decision_id uuid        primary key,
  placement   text        not null,
  items       text[]      not null,
  at          timestamptz not null,
  tag         bytea       not null
);

-- http ----------------------------------------------------------------------------------------------------------------------------

create table access_keys (
  access_key_id uuid        primary key,
  kind          text        not null check (kind in ('public', 'server')),
  label         text        not null,
  key_hash      bytea       not null unique,
  created_at    timestamptz not null,
  disabled_at   timestamptz,
  tag           bytea       not null
);
