"""The sections `prepare` of recipes."""
