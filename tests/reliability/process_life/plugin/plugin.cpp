// A library that the trial loads, lets a runner work from, and closes.
#include <cloacina/key.hpp>
#include <cloacina/workflow_symbol.hpp>

CLOACINA_KEY(from_the_plugin, std::string);
CLOACINA_TASK(in_plugin, .writes = {from_the_plugin}) {
  context.put(from_the_plugin, std::string{"its code ran"});
}
CLOACINA_WORKFLOW(plugged, .tasks = {in_plugin});
