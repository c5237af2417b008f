#include <cloacina/cloacina.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

// A type of your own: any that nlohmann::json converts.
struct Trip {
  std::string to;
  int kilometres = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Trip, to, kilometres)

namespace keys {
CLOACINA_KEY(trip, Trip);
CLOACINA_KEY(kilometres, int);
CLOACINA_KEY(ticket, std::string);
CLOACINA_KEY(hotel, std::string);
CLOACINA_KEY(discount, int);
CLOACINA_KEY(notes, std::vector<std::string>);
CLOACINA_KEY(itinerary, std::string);
}  // namespace keys
using namespace keys;
namespace when = cloacina::when;

//          ┌─> take_train ─┐
//   plan ──┼─> take_plane ─┼──> confirm
//          └─> find_hotel ─┘
CLOACINA_TASK(plan, .reads = {trip}, .writes = {kilometres}) {
  context.put(kilometres, context.get(trip).kilometres);
}

// Two branches, one of which is taken: each has a rule.
CLOACINA_TASK(take_train, .after = {plan}, .reads = {trip}, .writes = {ticket, notes},
              .trigger_rule = when::context_value(kilometres, when::less_than, 800)) {
  context.put(ticket, "train to " + context.get(trip).to);
  context.put(notes, {"bring a book"});
}

CLOACINA_TASK(take_plane, .after = {plan}, .reads = {trip}, .writes = {ticket, notes},
              .trigger_rule = when::context_value(kilometres, when::greater_than, 799)) {
  context.put(ticket, "flight to " + context.get(trip).to);
  context.put(notes, {"passport"});
}

// A branch that always runs, next to the other two. It may leave out the discount.
CLOACINA_TASK(find_hotel, .after = {plan}, .reads = {trip},
              .writes = {hotel, notes, optional(discount)}) {
  context.put(hotel, "Hotel " + context.get(trip).to);
  context.put(notes, {"breakfast from seven"});
  if (context.get(trip).to == "Lyon") context.put(discount, 10);
}

// Where branches meet that write the same key, .merges says that this is meant.
CLOACINA_TASK(confirm, .after = {take_train, take_plane, find_hotel},
              .reads = {ticket, hotel, discount, notes}, .writes = {itinerary},
              .merges = {ticket, notes}) {
  auto text = context.get(ticket) + ", " + context.get(hotel);
  if (auto const* percent = context.find(discount))
    text += " (-" + std::to_string(*percent) + " %)";
  for (auto const& note : context.get(notes)) text += ", " + note;
  context.put(itinerary, text);
}

CLOACINA_WORKFLOW(book, .inputs = {trip},
                  .tasks = {plan, take_train, take_plane, find_hotel, confirm});

int main() {
  cloacina::DefaultRunner runner{"sqlite://trips.db"};
  for (auto const& wish : {Trip{"Lyon", 460}, Trip{"Lima", 10250}}) {
    auto const result = runner.execute(book(trip = wish));
    std::cout << result.get(itinerary) << '\n';
    for (auto const& task : result.tasks())
      if (task.status == cloacina::TaskStatus::skipped)
        std::cout << "  " << task.id << ": " << task.skip_reason << '\n';
  }

  // The same by name, with a context of JSON values: for input that comes from outside.
  auto const input = cloacina::Context::from_json(R"({"trip": {"to": "Lyon", "kilometres": 460}})");
  auto const result = runner.execute("book", input);
  std::cout << result.value().to_json() << '\n';
}
