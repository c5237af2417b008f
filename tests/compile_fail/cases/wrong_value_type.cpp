// says: wrong value type: the key that is put does not hold values of this type
// names: report total char
CLOACINA_TASK(report, .writes = {total}) { context.put(total, "3.0"); }
