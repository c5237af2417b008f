// says[g++]: designator order for field ‘cloacina::TaskOptions::reads’ does not match declaration order
// says[clang++]: ISO C++ requires field designators to be specified in declaration order; field 'retry' will be initialized after field 'reads'
// names: reads
CLOACINA_TASK(extract, .retry = {.max_attempts = 2}, .reads = {order_id}) {}
