// says: the option .placement comes with a later version
// names: placement placement.cpp
CLOACINA_TASK(extract, .placement = 1) {}
