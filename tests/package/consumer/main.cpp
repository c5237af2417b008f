// Runs the workflow `doubling` on a new database: ends with 0 if twice 21 is 42.
#include <cloacina/cloacina.hpp>

#include <iostream>

int main() {
  cloacina::DefaultRunner runner{"sqlite://consumer.db"};
  auto const result = runner.execute("doubling", cloacina::Context{{"number", 21}});
  auto const doubled = result.context().get_as<int>("doubled");
  std::cout << "doubled: " << doubled << '\n';
  return doubled == 42 ? 0 : 1;
}
