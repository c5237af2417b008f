#include "gil.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <vector>

namespace cloaca {
namespace {

std::atomic<bool> ending{false};

/// The state that CPython keeps for a thread that it did not make.
class ThreadState {
 public:
  [[nodiscard]] bool is_known() const noexcept { return state_ != nullptr; }
  void take() { PyEval_RestoreThread(state_); }
  void leave() { state_ = PyEval_SaveThread(); }
  void made(PyGILState_STATE given) noexcept { given_ = given; }
  ~ThreadState() {
    if (state_ == nullptr || is_ending()) return;
    until_the_end([this] {
      PyEval_RestoreThread(state_);
      PyGILState_Release(given_);
    });
  }

 private:
  PyThreadState* state_ = nullptr;
  PyGILState_STATE given_{};
};

thread_local ThreadState thread_state;

/// What was dropped by threads without the lock. Never destroyed: threads outlive static objects.
struct Dropped {
  std::mutex mutex;
  std::vector<PyObject*> objects;
};
Dropped& dropped() {
  static auto* const all = new Dropped;
  return *all;
}

int release_dropped(void*) {
  std::vector<PyObject*> objects;
  {
    std::lock_guard const lock{dropped().mutex};
    if (dropped().objects.empty()) return 0;
    objects.swap(dropped().objects);
  }
  for (auto* object : objects) Py_DECREF(object);
  return 0;
}

void drop(PyObject* object) noexcept {
  if (is_ending()) return;
  if (PyGILState_Check() != 0) return Py_DECREF(object);
  std::lock_guard const lock{dropped().mutex};
  bool const first = dropped().objects.empty();
  dropped().objects.push_back(object);
  // The queue of pending calls is short; what found it full goes with the next one.
  if (first || dropped().objects.size() % 64 == 0) Py_AddPendingCall(release_dropped, nullptr);
}

}  // namespace

Gil::Gil() {
  if (is_ending()) sleep_for_good();
  until_the_end([this] {
    if (thread_state.is_known()) return thread_state.take();
    own_thread_ = PyGILState_GetThisThreadState() != nullptr;
    state_ = PyGILState_Ensure();
    if (!own_thread_) thread_state.made(state_);
  });
}

Gil::~Gil() {
  // The main thread may be away for long.
  until_the_end([] { return release_dropped(nullptr); });
  if (own_thread_)
    PyGILState_Release(state_);
  else
    thread_state.leave();
}

Released::~Released() {
  until_the_end([this] { PyEval_RestoreThread(state_); });
}

Kept::Kept(py::object object) : object_(object.release().ptr(), drop) {}

void begin_end() noexcept { ending.store(true); }

bool is_ending() noexcept { return ending.load(); }

void sleep_for_good() noexcept {
  for (;;) ::pause();
}

}  // namespace cloaca
