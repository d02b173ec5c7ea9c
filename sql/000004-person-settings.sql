-- What people have set for themselves: where their dial stands between "more of what I like" and "surprise me", and whether lists are personal at all.

create table person_settings (
  person_id  uuid        not null,
  setting    text        not null check (setting in ('dial', 'personal')),
  value      text        not null check (value in ('-2', '-1', '0', '1', '2', 'on', 'off')),
  updated_at timestamptz not null,
  tag        bytea       not null,
  primary key (person_id, setting)
);
