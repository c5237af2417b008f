// consumer [URL]: runs the workflow `doubling` on the database: ends with 0 if twice 21 is 42.
#include <cloacina/cloacina.hpp>

#include <exception>
#include <iostream>

int main(int argc, char** argv) try {
  cloacina::DefaultRunner runner{argc > 1 ? argv[1] : "sqlite://consumer.db"};
  auto const result = runner.execute("doubling", cloacina::Context{{"number", 21}});
  auto const doubled = result.context().get_as<int>("doubled");
  std::cout << "doubled: " << doubled << '\n';
  return doubled == 42 ? 0 : 1;
} catch (std::exception const& error) {
  std::cout << error.what() << '\n';
  return 1;
}
