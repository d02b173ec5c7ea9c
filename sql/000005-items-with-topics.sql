-- Whether an item has a topic is asked for each item of a history that a decision reads: few have one, so this index is small and answers alone.
create index "items#item_id#with_topics" on items (item_id) where topics <> '{}';
