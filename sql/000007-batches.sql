-- What goes out: batches, with who agreed to them; what was handed over about whom; and what those who got it have to remove again.

create table batches (
  batch_id        uuid        primary key,
  placement       text        not null,
  audience        text        not null,
  destination     text        not null check (destination in ('smtp', 'csv', 'webhook')),
  -- Under which name the file or the webhook's owner knows people; none for mail.
  recipient       text        check ((recipient is null) = (destination = 'smtp')),
  template        text,
  template_digest text,
  policy_version  integer     not null,
  created_by      text        not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  approved_by     text,
  approved_at     timestamptz,
  state           text        not null check (state in ('waiting', 'approved', 'sending', 'paused', 'done', 'cancelled', 'expired')),
  paused_because  text,
  -- The person up to whom the audience has been gone through, in the order of random ids, and how much of the file lasts.
  reached         uuid,
  file_bytes      bigint      not null check (file_bytes >= 0),
  ended_at        timestamptz,
  leaf            bytea,
  leaf_key        bytea,
  tag             bytea       not null
);
create index "batches#state" on batches (state);

-- One row a person and batch, written before anything leaves: so nobody gets anything twice.
create table hand_overs (
  person_id   uuid        not null,
  batch_id    uuid        not null,
  placement   text        not null,
  recipient   text,
  reference   text,
  decision_id uuid,
  message_id  uuid,
  state       text        not null check (state in ('handing', 'handed over', 'refused', 'unanswered', 'withdrawn')),
  at          timestamptz not null,
  expires_at  timestamptz not null,
  tag         bytea       not null,
  primary key (person_id, batch_id)
);
create index "hand_overs#batch_id#state" on hand_overs (batch_id, state);
create index "hand_overs#expires_at" on hand_overs (expires_at);

-- What a recipient has to take out of what it got. It names nobody: the reference is the recipient's own pseudonym.
create table removals (
  recipient  text        not null,
  removal_id uuid        not null,
  batch_id   uuid        not null,
  reference  text        not null,
  removed_at timestamptz not null,
  tag        bytea       not null,
  primary key (recipient, removal_id)
);

-- Up to where each recipient has fetched its removals, and when it last asked.
create table removal_readers (
  recipient  text        primary key,
  read_up_to uuid,
  read_at    timestamptz not null,
  tag        bytea       not null
);
