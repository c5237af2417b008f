#pragma once

#include <exception>
#include <string>
#include <utility>

#include <cloacina/error.hpp>

#include "gil.hpp"

namespace cloaca {

/// What a Python exception says. Its text never raises, whatever the exception's `__str__` does.
struct Raised {
  std::string summary;    ///< "ValueError: bad"
  std::string traceback;  ///< as Python prints it
  bool is_timeout = false;
  bool is_io = false;
  bool is_transient = false;  ///< `cloaca.TransientError`
  bool is_permanent = false;  ///< `cloaca.PermanentError`
};
[[nodiscard]] Raised describe(py::error_already_set& error);

/// A class of `cloaca._errors`.
[[nodiscard]] py::object error_class(char const* name);

/// Raises `cloaca._errors.NAME(message)`.
[[noreturn]] void raise(char const* name, std::string const& message);
/// Raises NotImplementedError: `what` comes with a later version.
[[noreturn]] void raise_not_implemented(std::string const& what);

/// Sets Python's error to what the exception of the library is there, its text behind `prefix`.
void set_error(std::exception_ptr const& error, std::string const& prefix);

/// Calls with the lock held; errors of the library say first what failed.
template <class Call>
decltype(auto) saying(std::string const& prefix, Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (cloacina::Error const&) {
    set_error(std::current_exception(), prefix);
    throw py::error_already_set();
  }
}

/// Calls Python with the lock held. Nothing, or what an engine thread may hold instead of what was
/// raised: `failure` of that.
template <class Call, class Failure>
std::exception_ptr caught(Call&& call, Failure&& failure) {
  try {
    std::forward<Call>(call)();
    return nullptr;
  } catch (py::error_already_set& error) {
    return failure(error);
  } catch (py::builtin_exception const& error) {
    error.set_error();
    py::error_already_set raised;
    return failure(raised);
  } catch (std::exception const&) {
    return std::current_exception();  // a value that the library refuses
  }
}

/// Cloacina's exceptions become those of `cloaca._errors`.
void translate_errors();

}  // namespace cloaca
