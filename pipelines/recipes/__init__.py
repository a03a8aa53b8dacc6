"""The recipes that come with the package, one YAML file per published result."""
