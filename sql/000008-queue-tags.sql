-- Tags for the queues and counters of intake and folding, and for where sums stand, so that a row which was changed by other means is found everywhere.
-- Queues empty themselves within seconds of the next start, and a sum gets its tag when it next moves. Inbox, counts and stays in the privacy centre begin anew, because a row
-- without a tag could not be told from one whose tag was taken away.

truncate inbox, intake_counts, person_sessions, used_links;
alter table inbox add column tag bytea not null check (octet_length(tag) = 16);
alter table person_sessions add column tag bytea not null check (octet_length(tag) = 16);
alter table used_links add column tag bytea not null check (octet_length(tag) = 16);
alter table intake_counts add column tag bytea check (octet_length(tag) = 16);
alter table fold_queue add column tag bytea check (octet_length(tag) = 16);
alter table deltas add column tag bytea check (octet_length(tag) = 16);
alter table sums add column tag bytea check (octet_length(tag) = 16);

-- A privacy budget is committed to when it is opened, so that nobody raises it afterwards.
alter table privacy_budgets add column leaf bytea check (octet_length(leaf) = 32), add column leaf_key bytea check (octet_length(leaf_key) = 32);
