"""ExampleGen: a module for each kind of source, whose function turns it into keyed records in shards."""
