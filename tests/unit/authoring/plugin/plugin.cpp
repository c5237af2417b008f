// A library that a program loads while it runs, with a workflow of its own.
#include <cloacina/workflow_symbol.hpp>

CLOACINA_TASK(in_plugin) {}
CLOACINA_WORKFLOW(from_plugin, .tasks = {in_plugin});
