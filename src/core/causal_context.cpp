#include "core/causal_context.hpp"

#include <algorithm>
#include <utility>

#include "core/json_merge.hpp"

namespace cloacina {

CausalContext::CausalContext(CausalContext const& other) { *this = other; }

CausalContext& CausalContext::operator=(CausalContext const& other) {
  if (this == &other) return *this;
  // Before the content is shared, or each copy would have to do it for itself.
  other.settle();
  settled_ = other.settled_;
  several_ = other.several_;
  pending_.clear();
  return *this;
}

CausalContext CausalContext::from_input(Context input) {
  CausalContext context;
  context.settled_ = std::move(input);
  // The output of another execution, given as input, comes with the writers of that one.
  auto const* const table = context.table();
  bool const has_origins =
      table != nullptr &&
      std::any_of(table->entries().begin(), table->entries().end(),
                  [](auto const& e) { return e.origin != detail::WriteOrigin{}; });
  if (has_origins) context.writable_table().forget_origins();
  return context;
}

void CausalContext::apply(TaskIndex writer, detail::ContextDelta const& delta) {
  if (delta.empty()) return;
  if (!pending_.empty()) settle();
  bool const is_shared = settled_.data_ && !settled_.data_.is_unique();
  if (is_shared) pending_.reserve(delta.set.size() + delta.removed.size());
  std::uint32_t position = 0;
  auto const change = [&](std::string const& key, detail::SharedJson value) {
    if (is_shared) {
      pending_.push_back({key, {{writer, position++}, std::move(value)}});
    } else {
      write(key, Version{{writer, position++}, std::move(value)});
    }
  };
  if (auto const* const set = delta.set.data_.get()) {
    for (auto const& entry : set->entries()) {
      if (entry.value) change(entry.key, entry.value);
    }
  }
  for (auto const& key : delta.removed) change(key, {});
}

Context const& CausalContext::values() const {
  settle();
  return settled_;
}

CausalContext::Versions const* CausalContext::several_of(std::string_view key) const noexcept {
  if (!several_) return nullptr;
  auto const found = several_->of.find(key);
  return found == several_->of.end() ? nullptr : &found->second;
}

void CausalContext::forget_several(std::string_view key) const {
  if (several_of(key) == nullptr) return;
  auto& of = several_.writable().of;
  of.erase(of.find(key));
  if (of.empty()) several_ = {};
}

void CausalContext::write(std::string_view key, Version const& version) const {
  if (version.value) {
    writable_table().put(key, version.value, version.origin);
    forget_several(key);
  } else {
    // Remembered, or a merge would bring back what an earlier task wrote.
    if (settled_.contains(key)) writable_table().remove(key);
    several_.writable().of.insert_or_assign(std::string{key}, Versions{version});
  }
}

void CausalContext::write(std::string_view key, Versions versions) const {
  if (versions.size() == 1) return write(key, versions.front());
  ValueFold fold;
  for (auto const& version : versions) fold.add(version.value);
  if (auto value = fold.take()) {
    writable_table().put(key, std::move(value), {several});
  } else if (settled_.contains(key)) {
    writable_table().remove(key);
  }
  several_.writable().of.insert_or_assign(std::string{key}, std::move(versions));
}

void CausalContext::settle() const {
  if (pending_.empty()) return;
  auto const changes = std::exchange(pending_, {});
  for (auto const& change : changes) write(change.key, change.version);
}

}  // namespace cloacina
