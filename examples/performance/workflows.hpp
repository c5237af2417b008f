#pragma once

#include <string_view>

namespace bench {

/// A workflow of this program, by name; its tasks do nothing, or hand on a number.
struct Subject {
  std::string_view name;
  unsigned tasks;
};

inline constexpr Subject one_task{"simple", 1};       ///< process
inline constexpr Subject three_tasks{"pipeline", 3};  ///< extract → transform → load
inline constexpr Subject five_tasks{"parallel", 5};   ///< setup → 3 × batch → merge
inline constexpr Subject ten_tasks{"ten_tasks", 10};  ///< first → 8 × middle → last, empty bodies

}  // namespace bench
