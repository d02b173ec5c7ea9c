-- The transparency log: commitments on their way into the tree, its entries, the hashes above them, and what was signed.
-- All of these are control tables: they stay on one node, because one writer orders the log.

-- A leaf waits here from the commit of its record until the sequencer takes it. The row says nothing else: no kind, time or person.
create table log_outbox (
  outbox_id bigint generated always as identity primary key,
  leaf      bytea  not null check (octet_length(leaf) = 32)
);
-- Every row goes within a second or so; vacuumed by number, not by share, or the oldest rows are searched for among thousands of dead ones.
alter table log_outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- The entries of the tree, numbered from 0 without a gap.
create table log_leaves (
  leaf_index bigint primary key check (leaf_index >= 0),
  leaf       bytea  not null check (octet_length(leaf) = 32)
);
-- A hash index: leaves are random and are only ever looked up whole.
create index "log_leaves#leaf" on log_leaves using hash (leaf);

-- Tiles of level 1 and above, up to 256 hashes each; those of level 0 follow from the leaves. The last tile of each level is the right edge.
create table log_tiles (
  level      smallint not null check (level between 1 and 63),
  tile_index bigint   not null check (tile_index >= 0),
  hashes     bytea    not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
  primary key (level, tile_index)
);
-- Hashes do not compress.
alter table log_tiles alter column hashes set storage external;

-- What was signed: the last checkpoint of each day and the last of all. `log_number` grows by one with every new log identity.
create table log_checkpoints (
  log_number integer     not null check (log_number > 0),
  tree_size  bigint      not null check (tree_size >= 0),
  note       text        not null,
  signed_at  timestamptz not null,
  primary key (log_number, tree_size)
);
