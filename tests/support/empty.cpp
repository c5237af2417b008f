// A library needs one source; this one carries the precompiled header of the tests.
