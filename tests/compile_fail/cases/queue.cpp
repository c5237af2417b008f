// says: the option .queue comes with a later version
// names: queue queue.cpp
CLOACINA_TASK(extract, .queue = "slow") {}
