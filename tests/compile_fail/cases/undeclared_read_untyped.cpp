// says: undeclared read: add the key to this task's .reads
// names: report total
// A task without declared keys has the untyped context; a key's symbol would only look proved.
CLOACINA_TASK(report) { static_cast<void>(context.get(total)); }
