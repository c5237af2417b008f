// says: undeclared write: add the key to this task's .writes
// names: report total
CLOACINA_TASK(report, .reads = {total}) { context.put(total, 3.0); }
