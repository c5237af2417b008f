#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <cloacina/error.hpp>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

using Object = Json::object_t;  // its operator[] takes keys; positions go through begin()
constexpr std::size_t not_a_position = SIZE_MAX;

auto& member_at(auto& object, std::size_t position) {
  return *(object.begin() + static_cast<std::ptrdiff_t>(position));
}

/// For each member the first one with its key, or `not_a_position` if it is itself the first.
std::vector<std::size_t> earlier_members(Object const& object) {
  std::vector<std::size_t> by_key(object.size());
  std::iota(by_key.begin(), by_key.end(), std::size_t{0});
  std::stable_sort(by_key.begin(), by_key.end(), [&](std::size_t a, std::size_t b) {
    return member_at(object, a).first < member_at(object, b).first;
  });
  std::vector<std::size_t> earlier(object.size(), not_a_position);
  std::size_t first = 0;
  for (std::size_t i = 1; i < by_key.size(); ++i) {
    if (member_at(object, by_key[i]).first == member_at(object, by_key[first]).first) {
      earlier[by_key[i]] = by_key[first];
    } else {
      first = i;
    }
  }
  return earlier;
}

bool has_equal_keys(Object const& object) {
  if (object.size() > 16) {
    auto const earlier = earlier_members(object);
    return std::any_of(earlier.begin(), earlier.end(),
                       [](std::size_t e) { return e != not_a_position; });
  }
  for (std::size_t i = 1; i < object.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (member_at(object, i).first == member_at(object, j).first) return true;
    }
  }
  return false;
}

void keep_last_of_equal_keys(Object& object) {
  if (!has_equal_keys(object)) return;
  auto const earlier = earlier_members(object);
  Object kept;
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (earlier[i] != not_a_position)
      member_at(object, earlier[i]).second = std::move(member_at(object, i).second);
  }
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (earlier[i] == not_a_position)
      kept.emplace_back(member_at(object, i).first, std::move(member_at(object, i).second));
  }
  object = std::move(kept);
}

/// Receives the events of nlohmann's parser and builds the value. Members are appended without a
/// look at those before (ordered_map would search them all, each time), so a large object takes
/// linear time.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view what, std::size_t levels_around)
      : what_(what), most_levels_(max_json_depth + levels_around) {}

  [[nodiscard]] Json take() { return std::move(root_); }

  bool null() { return add(Json(nullptr)); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(std::int64_t value) { return add(Json(value)); }
  bool number_unsigned(std::uint64_t value) { return add(Json(value)); }
  bool number_float(double value, std::string const& token) {
    if (token.find_first_of(".eE") == std::string::npos) {
      throw ValidationError(where() + ": integer " + shorten_utf8(token, 64) +
                            " does not fit into 64 bits; store it as text");
    }
    return add(Json(value));
  }
  bool string(std::string& value) { return add(Json(std::move(value))); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool key(std::string& name) {
    open_.back().key = std::move(name);
    open_.back().has_key = true;
    return true;
  }
  bool end_object() {
    keep_last_of_equal_keys(open_.back().container->get_ref<Object&>());
    return end_array();
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, std::string const&, Json::exception const& error) {
    // Behind nlohmann's "[json.exception.parse_error.101] ".
    std::string_view text = error.what();
    if (auto const end = text.find("] "); end != std::string_view::npos)
      text.remove_prefix(end + 2);
    bool const is_number = dynamic_cast<Json::out_of_range const*>(&error) != nullptr;
    auto const* const problem = is_number ? ": does not fit into a double: " : ": not valid JSON: ";
    throw ValidationError(where() + problem + shorten_utf8(text, 512));
  }

 private:
  struct Frame {
    Json* container;  // stays where it is: its parent grows only after it is closed
    std::string key;  // of the member that was read last
    bool has_key = false;
  };

  Json* place(Json&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back().container;
    if (auto* array = parent.get_ptr<Json::array_t*>())
      return &array->emplace_back(std::move(value));
    return &parent.get_ref<Object&>().emplace_back(open_.back().key, std::move(value)).second;
  }
  bool add(Json&& value) {
    place(std::move(value));
    return true;
  }
  bool open(Json&& container) {
    if (open_.size() >= most_levels_) {
      throw ValidationError(where() + ": nested deeper than " + std::to_string(max_json_depth) +
                            " levels");
    }
    Json* const placed = place(std::move(container));
    open_.push_back({placed, {}, false});
    return true;
  }
  /// "context key 'order'", or only "context" where no key was read yet.
  [[nodiscard]] std::string where() const {
    std::string text{what_};
    if (!open_.empty() && open_.front().has_key)
      text += " key '" + to_storable_utf8(open_.front().key, 200) + "'";
    return text;
  }

  std::string_view what_;
  std::size_t most_levels_;
  Json root_;
  std::vector<Frame> open_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what, std::size_t levels_around) {
  TreeBuilder builder{what, levels_around};
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace cloacina
