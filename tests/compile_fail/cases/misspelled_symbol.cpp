// says[g++]: ‘extrct’ was not declared in this scope; did you mean ‘extract’?
// says[clang++]: use of undeclared identifier 'extrct'; did you mean 'extract'?
// names: report extrct
CLOACINA_TASK(extract) {}
CLOACINA_TASK(report, .after = {extrct}) {}
