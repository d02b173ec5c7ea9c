-- The privacy ledger: how much privacy loss each period allows, for whom it is kept, and every release that was paid for.
-- Control tables: spending locks one row. Amounts are millionths of ρ, so that nothing is ever rounded.

-- One row a period and share. The check is a second wall behind the filter that decides each spend.
create table privacy_budgets (
  period             text        not null check (length(period) between 1 and 100),
  share              text        not null check (length(share) between 1 and 100),
  reserved_micro_rho bigint      not null check (reserved_micro_rho >= 0),
  spent_micro_rho    bigint      not null check (spent_micro_rho between 0 and reserved_micro_rho),
  delta              text        not null,
  starts_at          timestamptz not null,
  ends_at            timestamptz not null check (ends_at > starts_at),
  opened_by          text        not null,
  opened_at          timestamptz not null,
  primary key (period, share)
);

-- A row is there before the release is made: a release that failed afterwards has been paid for all the same.
create table privacy_ledger (
  release_id   uuid        primary key,
  period       text        not null,
  share        text        not null,
  name         text        not null check (length(name) between 1 and 200),
  micro_rho    bigint      not null check (micro_rho > 0),
  spent_at     timestamptz not null,
  record       text,
  note         text,
  published_at timestamptz,
  leaf         bytea,
  leaf_key     bytea,
  foreign key (period, share) references privacy_budgets (period, share),
  check (num_nulls(record, note, published_at, leaf, leaf_key) in (0, 5))
);
create index "privacy_ledger#period#share" on privacy_ledger (period, share);
create index "privacy_ledger#name#published_at" on privacy_ledger (name, published_at desc) where published_at is not null;
