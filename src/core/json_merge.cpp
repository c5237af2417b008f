#include "core/json_merge.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/json_rules.hpp"

namespace cloacina {
namespace {

using Array = Json::array_t;
using Object = Json::object_t;

struct Hash {
  std::size_t operator()(Json const& value) const { return json_hash(value); }
};
struct Equal {
  bool operator()(Json const& a, Json const& b) const { return json_equal(a, b); }
};
/// Copies of elements, because the array that holds them grows.
using ElementIndex = std::unordered_set<Json, Hash, Equal>;
using KeyIndex = std::unordered_map<std::string, std::size_t>;

bool is_mergeable(Json const& first, Json const& later) {
  return (first.is_object() && later.is_object()) || (first.is_array() && later.is_array());
}

void merge_into(Json& target, Json const& later);

/// Appends what `is_known` does not know; it is asked about all elements before one is added.
void append_unknown(Array& target, Array const& later, auto const& is_known) {
  std::vector<Json const*> added;
  for (auto const& element : later) {
    if (!is_known(element)) added.push_back(&element);
  }
  for (auto const* element : added) target.push_back(*element);
}

void merge_arrays(Array& target, Array const& later) {
  constexpr std::size_t few_comparisons = 256;
  if (target.size() * later.size() <= few_comparisons) {
    append_unknown(target, later, [&](Json const& element) {
      return std::any_of(target.begin(), target.end(),
                         [&](Json const& t) { return json_equal(t, element); });
    });
  } else {
    ElementIndex const known(target.begin(), target.end());
    append_unknown(target, later, [&](Json const& element) { return known.contains(element); });
  }
}

/// `position_of(key)` is that of the member in `target`, or its size; `added(key)` is told of each
/// new one.
void merge_members(Object& target, Object const& later, auto const& position_of,
                   auto const& added) {
  for (auto const& [key, value] : later) {
    auto const position = position_of(key);
    if (position < target.size()) {
      merge_into((target.begin() + static_cast<std::ptrdiff_t>(position))->second, value);
    } else {
      added(key);
      target.emplace_back(key, value);
    }
  }
}

KeyIndex index_of(Object const& object) {
  KeyIndex index;
  for (auto const& [key, value] : object) index.emplace(key, index.size());
  return index;
}

void merge_objects_by(KeyIndex& index, Object& target, Object const& later) {
  merge_members(
      target, later,
      [&](std::string const& key) {
        auto const found = index.find(key);
        return found == index.end() ? target.size() : found->second;
      },
      [&](std::string const& key) { index.emplace(key, target.size()); });
}

void merge_objects(Object& target, Object const& later) {
  constexpr std::size_t few_comparisons = 256;
  if (target.size() * later.size() > few_comparisons) {
    auto index = index_of(target);
    return merge_objects_by(index, target, later);
  }
  merge_members(
      target, later,
      [&](std::string const& key) {
        return static_cast<std::size_t>(target.find(key) - target.begin());
      },
      [](std::string const&) {});
}

void merge_into(Json& target, Json const& later) {
  if (!is_mergeable(target, later)) {
    if (!json_equal(target, later)) target = later;
  } else if (target.is_object()) {
    merge_objects(target.get_ref<Object&>(), later.get_ref<Object const&>());
  } else {
    merge_arrays(target.get_ref<Array&>(), later.get_ref<Array const&>());
  }
}

}  // namespace

/// Keeps the index of the outermost array or object from one merge to the next.
struct ValueFold::Accumulated {
  explicit Accumulated(Json const& first) : value(first) {
    if (value.is_array()) {
      elements.insert(value.begin(), value.end());
    } else {
      keys = index_of(value.get_ref<Object const&>());
    }
  }

  void merge(Json const& later) {
    if (value.is_object()) {
      merge_objects_by(keys, value.get_ref<Object&>(), later.get_ref<Object const&>());
      return;
    }
    auto& array = value.get_ref<Array&>();
    auto const before = static_cast<std::ptrdiff_t>(array.size());
    append_unknown(array, later.get_ref<Array const&>(),
                   [&](Json const& element) { return elements.contains(element); });
    elements.insert(array.begin() + before, array.end());
  }

  Json value;
  ElementIndex elements;
  KeyIndex keys;
};

ValueFold::ValueFold() = default;
ValueFold::~ValueFold() = default;

void ValueFold::add(detail::SharedJson const& later) {
  auto const* const current = accumulated_ ? &accumulated_->value : shared_.get();
  bool const stays = current != nullptr && later && !is_mergeable(*current, *later) &&
                     json_equal(*current, *later);
  if (stays || (shared_ && shared_ == later)) return;
  if (current == nullptr || !later || !is_mergeable(*current, *later)) {
    accumulated_.reset();
    shared_ = later;
    return;
  }
  if (!accumulated_) accumulated_ = std::make_unique<Accumulated>(*shared_);
  shared_ = {};
  accumulated_->merge(*later);
}

detail::SharedJson ValueFold::take() {
  if (!accumulated_) return std::move(shared_);
  return detail::SharedJson{std::move(accumulated_->value)};
}

}  // namespace cloacina
