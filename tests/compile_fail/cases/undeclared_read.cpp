// says: undeclared read: add the key to this task's .reads
// names: report total
CLOACINA_TASK(report, .reads = {order_id}) { static_cast<void>(context.get(total)); }
