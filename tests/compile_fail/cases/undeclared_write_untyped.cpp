// says: undeclared write: add the key to this task's .writes
// names: report total
CLOACINA_TASK(report) { context.put(total, 3.0); }
