#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace cloacina::detail {

template <class T>
class Shared;

/// Base of objects that know how many `Shared` pointers hold them. A copy starts with no owner.
class Counted {
 protected:
  Counted() noexcept = default;
  Counted(Counted const&) noexcept {}
  Counted& operator=(Counted const&) noexcept { return *this; }
  ~Counted() = default;

 private:
  template <class T>
  friend class Shared;
  mutable std::atomic<std::uint32_t> owners_{0};
};

/// Shares one object between owners; half as large as `std::shared_ptr`, and it can tell that it is
/// the only owner.
///
/// `is_unique` acquires what former owners released, so whoever sees true may change the object:
/// copy-on-write without a lock, and without a race that a sanitizer would report.
template <class T>
class Shared {
 public:
  Shared() noexcept = default;
  /// Takes over a fresh object from `new`.
  explicit Shared(T* fresh) noexcept : object_(fresh) { retain(); }
  Shared(Shared const& other) noexcept : object_(other.object_) { retain(); }
  Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() { release(); }

  template <class... Arguments>
  [[nodiscard]] static Shared make(Arguments&&... arguments) {
    return Shared{new T(std::forward<Arguments>(arguments)...)};
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }

  [[nodiscard]] bool is_unique() const noexcept {
    return object_ != nullptr && object_->owners_.load(std::memory_order_acquire) == 1;
  }
  /// The object for changing: copied first if others hold it too, made if there is none.
  [[nodiscard]] T& writable() {
    if (object_ == nullptr) {
      *this = make();
    } else if (!is_unique()) {
      *this = make(std::as_const(*object_));
    }
    return *object_;
  }

  /// True if both hold the same object, or none.
  friend bool operator==(Shared const& a, Shared const& b) noexcept {
    return a.object_ == b.object_;
  }

 private:
  void retain() noexcept {
    if (object_ != nullptr) object_->owners_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept {
    if (object_ != nullptr && object_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete object_;
  }

  T* object_ = nullptr;
};

}  // namespace cloacina::detail
