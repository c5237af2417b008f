#pragma once

#include <cxxabi.h>

#include <memory>
#include <utility>

#include <pybind11/pybind11.h>

namespace cloaca {

namespace py = pybind11;

/// Holds the interpreter's lock on a thread of the engine. The thread keeps its Python state for
/// the next time, which makes taking the lock cheap and thread-local values of Python last.
///
/// Once the interpreter ends, nothing of Python may be touched: then the constructor does not
/// return, and the thread sleeps until the process is gone.
class Gil {
 public:
  Gil();
  ~Gil();
  Gil(Gil const&) = delete;
  Gil& operator=(Gil const&) = delete;

 private:
  PyGILState_STATE state_{};
  bool own_thread_ = false;  ///< one of Python's, which has a state already
};

/// Lets other threads have the lock while one of Python's waits. As `py::gil_scoped_release`, but a
/// thread that may not come back because the interpreter has ended sleeps, where that one would end
/// the process.
class Released {
 public:
  Released() : state_(PyEval_SaveThread()) {}
  ~Released();
  Released(Released const&) = delete;
  Released& operator=(Released const&) = delete;

 private:
  PyThreadState* state_;
};

/// A Python object that threads without the lock may copy and drop. It is released later, by
/// whoever has the lock next, the main thread or one of ours, so that no thread of the engine has
/// to wait for it; and not at all once the interpreter ends.
class Kept {
 public:
  Kept() = default;
  explicit Kept(py::object object);

  /// With the lock held.
  [[nodiscard]] py::handle get() const noexcept { return object_.get(); }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  std::shared_ptr<PyObject> object_;
};

/// From now on the interpreter is ending.
void begin_end() noexcept;
[[nodiscard]] bool is_ending() noexcept;

/// Keeps this thread from everything, until the process ends.
[[noreturn]] void sleep_for_good() noexcept;

/// Runs Python code that may never return because the interpreter ends meanwhile: CPython unwinds
/// such a thread through our frames, which would destroy Python objects without the lock.
template <class Call>
decltype(auto) until_the_end(Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (abi::__forced_unwind const&) {
    sleep_for_good();
  }
}

}  // namespace cloaca
