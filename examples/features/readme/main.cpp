#include <cloacina/cloacina.hpp>
#include <iostream>

namespace keys {
CLOACINA_KEY(order_id, int);
CLOACINA_KEY(total, double);
CLOACINA_KEY(receipt, std::string);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(price, .reads = {order_id}, .writes = {total}, .retry = {.max_attempts = 5}) {
  context.put(total, context.get(order_id) * 2.5);
}

CLOACINA_TASK(bill, .after = {price}, .reads = {order_id, total}, .writes = {receipt}) {
  context.put(receipt, "order " + std::to_string(context.get(order_id)) + " paid");
}

CLOACINA_WORKFLOW(checkout, .inputs = {order_id}, .tasks = {price, bill});

int main() {
  cloacina::DefaultRunner runner{"sqlite://orders.db"};
  auto result = runner.execute(checkout(order_id = 42), {.idempotency_key = "order 42"});
  std::cout << result.get(receipt) << ": " << result.get(total) << '\n';
}
