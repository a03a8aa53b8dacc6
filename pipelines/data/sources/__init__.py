"""Where images come from, one file per source: each turns them into keyed records in shards."""
