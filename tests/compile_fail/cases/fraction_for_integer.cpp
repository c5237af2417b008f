// says: wrong value type: the key that is put does not hold values of this type
// names: report order_id double
CLOACINA_TASK(report, .writes = {order_id}) { context.put(order_id, 4.5); }
