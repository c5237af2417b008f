#include <cloacina/schedule.hpp>

#include "core/words.hpp"

namespace cloacina {
namespace {

constexpr std::array<std::string_view, 3> catchup_words{"skip", "run_once", "run_all"};
constexpr std::array<std::string_view, 3> overlap_words{"allow", "skip", "queue"};
constexpr std::array<std::string_view, 5> outcome_words{"fired", "queued", "skipped", "missed",
                                                        "failed"};

}  // namespace

std::string_view to_string(CatchupPolicy policy) noexcept { return word_of(policy, catchup_words); }
std::string_view to_string(OverlapPolicy policy) noexcept { return word_of(policy, overlap_words); }
std::string_view to_string(FiringOutcome outcome) noexcept {
  return word_of(outcome, outcome_words);
}

CatchupPolicy catchup_policy_from(std::string_view text) {
  return enum_from<CatchupPolicy>("catch-up policy", text, catchup_words);
}
OverlapPolicy overlap_policy_from(std::string_view text) {
  return enum_from<OverlapPolicy>("overlap policy", text, overlap_words);
}

}  // namespace cloacina
