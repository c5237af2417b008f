#include <unistd.h>

#include <cloacina/cloacina.hpp>
#include <iostream>

using namespace std::chrono_literals;

namespace keys {
CLOACINA_KEY(number, int);
CLOACINA_KEY(text, std::string);
CLOACINA_KEY(posted_by, int);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(compose, .reads = {number}, .writes = {text}) {
  context.sleep_for(250ms);
  context.put(text, "letter " + std::to_string(context.get(number)));
}

CLOACINA_TASK(post, .after = {compose}, .reads = {text}, .writes = {posted_by}) {
  context.sleep_for(250ms);
  context.put(posted_by, getpid());
}

CLOACINA_WORKFLOW(letter, .inputs = {number}, .tasks = {compose, post});

int main(int argc, char** argv) try {
  std::string const url = argc > 1 ? argv[1] : "sqlite://letters.db";
  cloacina::DefaultRunner runner{url, {.lease = 2s, .max_active_executions = 8}};

  std::vector<cloacina::ExecutionHandle> letters;
  for (int i = 1; i <= 40; ++i)
    letters.push_back(
        runner.submit(letter(number = i), {.idempotency_key = "letter " + std::to_string(i)}));

  int mine = 0;
  for (auto const& each : letters)
    if (each.wait().context().get("posted_by") == getpid()) ++mine;
  std::cout << letters.size() << " letters are posted, " << mine << " by this process\n";
} catch (cloacina::Error const& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
