#include "core/foreign_exception.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <ios>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

#include <cloacina/error.hpp>

#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr int most_causes = 16;

std::string current_type_name() {
  std::type_info const* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "of a foreign language";
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> const name{
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free};
  return status == 0 ? name.get() : type->name();
}

std::string unknown_type() {
  return "an exception of type " + current_type_name() + ", which has no text";
}

bool is_connection_trouble(std::error_code const& code) noexcept {
  // By name, because this room does not know Asio: resolving a host, and the end of a stream.
  std::string_view const category = code.category().name();
  if (category == "asio.netdb" || category == "asio.addrinfo" || category == "asio.misc")
    return true;
  static constexpr std::array transient{std::errc::io_error,
                                        std::errc::connection_refused,
                                        std::errc::connection_reset,
                                        std::errc::connection_aborted,
                                        std::errc::not_connected,
                                        std::errc::broken_pipe,
                                        std::errc::network_down,
                                        std::errc::network_unreachable,
                                        std::errc::network_reset,
                                        std::errc::host_unreachable,
                                        std::errc::no_buffer_space,
                                        std::errc::resource_unavailable_try_again,
                                        std::errc::interrupted,
                                        std::errc::device_or_resource_busy,
                                        std::errc::too_many_files_open,
                                        std::errc::no_space_on_device};
  for (auto const condition : transient) {
    if (code == condition) return true;
  }
  return false;
}

void classify(std::error_code const& code, ErrorInfo& info) noexcept {
  info.is_timeout = code == std::errc::timed_out;
  info.is_io = is_connection_trouble(code);
}

void classify(std::exception const& error, ErrorInfo& info) noexcept {
  if (auto const* own = dynamic_cast<Error const*>(&error)) {
    info.is_permanent = dynamic_cast<PermanentError const*>(own) != nullptr;
    info.is_transient = own->kind() == ErrorKind::task && own->is_retryable();
    info.is_timeout = own->kind() == ErrorKind::timeout;
    info.is_io = own->kind() == ErrorKind::backend && own->is_retryable();
  } else if (dynamic_cast<std::ios_base::failure const*>(&error) != nullptr) {
    info.is_io = true;
  } else if (auto const* system = dynamic_cast<std::system_error const*>(&error)) {
    classify(system->code(), info);
  }
}

std::string text_of(std::exception const& error) {
  auto const* const text = error.what();
  return text == nullptr || *text == '\0' ? unknown_type() : text;
}

/// What the exception was thrown with `std::throw_with_nested` for, or null.
std::exception_ptr cause_of(std::exception const& error) noexcept {
  auto const* const nested = dynamic_cast<std::nested_exception const*>(&error);
  return nested == nullptr ? nullptr : nested->nested_ptr();
}

/// Fills in what the current exception says; returns its cause.
std::exception_ptr describe_current(ErrorInfo& info) {
  try {
    throw;
  } catch (std::exception const& error) {
    info.text = text_of(error);
    classify(error, info);
    return cause_of(error);
  } catch (std::nested_exception const& nested) {
    info.text = unknown_type();
    return nested.nested_ptr();
  } catch (std::string const& text) {
    info.text = text;
  } catch (std::string_view text) {
    info.text = text;
  } catch (char const* text) {
    info.text = text == nullptr ? "a null text" : text;
  } catch (std::error_code const& code) {
    info.text = code.message();
    classify(code, info);
  } catch (int number) {
    info.text = "the number " + std::to_string(number);
  } catch (long number) {
    info.text = "the number " + std::to_string(number);
  } catch (...) {
    info.text = unknown_type();
  }
  return nullptr;
}

std::exception_ptr describe(std::exception_ptr const& exception, ErrorInfo& info) {
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    return describe_current(info);
  }
}

}  // namespace

ErrorInfo describe_exception(std::exception_ptr exception) {
  ErrorInfo info;
  if (!exception) {
    info.text = "an unknown error";
    return info;
  }
  auto cause = describe(exception, info);
  std::string text = std::move(info.text);
  for (int depth = 0; cause && depth < most_causes && text.size() < max_error_bytes; ++depth) {
    ErrorInfo inner;
    cause = describe(cause, inner);
    text += "; caused by: " + inner.text;
    // The outermost decides whether it is worth a retry; only where it says nothing, what it was
    // caused by does.
    bool const says_nothing =
        !info.is_transient && !info.is_permanent && !info.is_timeout && !info.is_io;
    if (says_nothing) {
      info.is_transient = inner.is_transient;
      info.is_permanent = inner.is_permanent;
      info.is_timeout = inner.is_timeout;
      info.is_io = inner.is_io;
    }
  }
  info.text = to_storable_utf8(text.empty() ? "an error without text" : text, max_error_bytes);
  info.exception = std::move(exception);
  return info;
}

}  // namespace cloacina
