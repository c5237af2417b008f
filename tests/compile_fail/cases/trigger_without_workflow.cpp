// says: a trigger needs a .workflow
// names: new_orders_trigger
CLOACINA_TRIGGER(new_orders, .poll_interval = "5s") { return skip(); }
