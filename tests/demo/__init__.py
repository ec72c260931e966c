"""`make demo-channels`: every channel in one page, with providers of the tests and no account anywhere."""
