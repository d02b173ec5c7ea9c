-- Complaints, the placements that their rate has paused, and what people no longer want put together for them since they complained.

create table complaints (
  person_id    uuid        not null,
  complaint_id uuid        not null,
  about        text        not null check (about in ('decision', 'message', 'processing')),
  decision_id  uuid,
  placement    text,
  via          text        not null check (via in ('page', 'api', 'mail')),
  -- What the person wrote, and what they were answered, under their own key.
  words        bytea,
  answer       bytea,
  received_at  timestamptz not null,
  due_at       timestamptz not null,
  answered_at  timestamptz,
  answered_by  text,
  tag          bytea       not null,
  primary key (person_id, complaint_id),
  check ((answered_at is null) = (answered_by is null))
);
create index "complaints#complaint_id" on complaints (complaint_id);
create index "complaints#placement#received_at" on complaints (placement, received_at);

-- A placement that a rate of complaints, or somebody, has stopped: what it answers is the list for everybody, and its batches wait.
create table placement_pauses (
  pause_id  uuid        primary key,
  placement text        not null,
  reason    text        not null,
  paused_by text        not null,
  paused_at timestamptz not null,
  ended_at  timestamptz,
  ended_by  text,
  tag       bytea       not null,
  check ((ended_at is null) = (ended_by is null))
);
create unique index "placement_pauses#placement" on placement_pauses (placement) where ended_at is null;

alter table person_settings drop constraint person_settings_setting_check, drop constraint person_settings_value_check;
alter table person_settings add constraint person_settings_check
  check ((setting = 'dial' and value in ('-2', '-1', '0', '1', '2')) or (setting = 'personal' and value in ('on', 'off')) or (setting like 'withheld:_%' and value in ('on', 'off')));

-- A record that was stripped opens its commitment no more, so that from then on a tag stands for it.
alter table decisions add column redacted_tag bytea;
