// Keeps the processes that specs start out of the coverage: one that is killed leaves half a report,
// which would spoil all of it.
if (process.env.NODE_TEST_CONTEXT !== undefined) delete process.env.NODE_V8_COVERAGE
