// says: undeclared read: add the key to this task's .reads
// names: report total
CLOACINA_TASK(report, .writes = {order_id}) { static_cast<void>(context.find(total)); }
