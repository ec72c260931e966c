"""Small real HTTP servers in the place of messaging providers, built from what the providers document."""
