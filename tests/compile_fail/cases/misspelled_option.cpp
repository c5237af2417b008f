// says[g++]: ‘const cloacina::TaskOptions’ has no non-static data member named ‘retries’
// says[clang++]: field designator 'retries' does not refer to any field in type 'const ::cloacina::TaskOptions'
// names: TaskOptions retries
CLOACINA_TASK(extract, .retries = 3) {}
