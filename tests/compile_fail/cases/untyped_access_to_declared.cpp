// says[g++]: no matching function for call to ‘cloacina::TaskContext<report_task>::get(const char [6])’
// says[clang++]: no matching member function for call to 'get'
// names: get report
CLOACINA_TASK(report, .reads = {total}) { static_cast<void>(context.get("total")); }
