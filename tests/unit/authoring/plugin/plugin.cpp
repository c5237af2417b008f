// A library that a program loads while it runs, with a workflow and a trigger of its own.
#include <cloacina/trigger.hpp>
#include <cloacina/workflow_symbol.hpp>

CLOACINA_TASK(in_plugin) {}
CLOACINA_WORKFLOW(from_plugin, .tasks = {in_plugin});
CLOACINA_TRIGGER(looks_from_plugin, .workflow = from_plugin) { return skip(); }
