-- How a person is let into their privacy centre, who has looked at them, and when what they took out is deleted for good.

-- A short stay of one person; the browser holds a secret of which this is the hash. Goes when it ends, and with the person.
create table person_sessions (
  person_id    uuid        not null,
  session_hash bytea       not null check (octet_length(session_hash) = 32),
  started_at   timestamptz not null,
  ends_at      timestamptz not null,
  primary key (person_id, session_hash)
);
create index "person_sessions#ends_at" on person_sessions (ends_at);

-- Links and hand-overs that have been used, until they would have ended anyway; a keyed hash alone.
create table used_links (
  link_hash bytea       primary key check (octet_length(link_hash) = 32),
  ends_at   timestamptz not null
);
create index "used_links#ends_at" on used_links (ends_at);

-- Every look that somebody else took at everything of a person, with its reason; the person sees it.
create table looks (
  person_id uuid        not null,
  look_id   uuid        not null,
  duty      text        not null,
  reason    text        not null,
  at        timestamptz not null,
  tag       bytea       not null,
  primary key (person_id, look_id)
);

-- When the events behind an exclusion were deleted; until then it can be put back.
alter table exclusions add column deleted_at timestamptz;
create index "exclusions#excluded_at" on exclusions (excluded_at) where deleted_at is null;
