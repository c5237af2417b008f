#include "conversions.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace cloaca {
namespace {

using cloacina::Json;

// As deep as a context takes.
constexpr int deepest = 512;

std::string in_key(std::string_view key) { return "key '" + std::string{key} + "': "; }

/// One value on its way to JSON; the key is for messages.
class Encoder {
 public:
  explicit Encoder(std::string_view key) : key_(key) {}

  Json encode(py::handle value, int depth) {
    auto* const object = value.ptr();
    if (object == Py_None) return nullptr;
    if (PyBool_Check(object)) return object == Py_True;
    if (PyUnicode_Check(object)) return std::string{text_of(in_key(key_) + "text", value)};
    if (PyLong_Check(object)) return integer(value);
    if (PyFloat_Check(object)) return number(value);
    if (depth == deepest)
      throw py::value_error(in_key(key_) + "nested deeper than " + std::to_string(deepest) +
                            " levels; expected less, and no container that holds itself");
    if (PyDict_Check(object)) return dictionary(value, depth);
    if (PyList_Check(object) || PyTuple_Check(object)) return sequence(value, depth);
    if (auto const plain = plain_form(value); !plain.is_none()) return encode(plain, depth + 1);
    throw py::type_error(
        in_key(key_) + "a value of type " + type_name(value) +
        " is not JSON; expected None, bool, int, float, str, list, tuple, dict, a dataclass or "
        "a pydantic model");
  }

 private:
  Json integer(py::handle value) const {
    int overflow = 0;
    auto const fits = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
    if (overflow == 0) return std::int64_t{fits};
    if (overflow > 0) {
      auto const larger = PyLong_AsUnsignedLongLong(value.ptr());
      if (PyErr_Occurred() == nullptr) return std::uint64_t{larger};
      PyErr_Clear();
    }
    throw py::value_error(in_key(key_) +
                          "an integer that does not fit into 64 bits; expected -2**63 to 2**64-1");
  }

  Json number(py::handle value) const {
    auto const real = PyFloat_AsDouble(value.ptr());
    if (!std::isfinite(real))
      throw py::value_error(in_key(key_) +
                            "NaN and infinities are not JSON; expected a finite number");
    return real;
  }

  Json sequence(py::handle value, int depth) {
    auto const items = py::reinterpret_borrow<py::object>(value);
    Json::array_t array;
    // By index: a value's own code may change the list meanwhile.
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i) {
      auto const item =
          py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), i));
      array.push_back(encode(item, depth + 1));
    }
    return array;
  }

  Json dictionary(py::handle value, int depth) {
    Json::object_t object;
    object.reserve(static_cast<std::size_t>(PyDict_Size(value.ptr())));
    for (auto const& entry : py::reinterpret_borrow<py::dict>(value)) {
      // Held: a value's own code may change the dict meanwhile.
      auto const name = py::reinterpret_borrow<py::object>(entry.first);
      auto const item = py::reinterpret_borrow<py::object>(entry.second);
      if (!PyUnicode_Check(name.ptr()))
        throw py::type_error(in_key(key_) + "a dict with a key of type " + type_name(name) +
                             " is not JSON; expected str");
      // Past ordered_json's own insertion, which looks through all keys before: a dict has no
      // doubles.
      object.emplace_back(std::string{text_of(in_key(key_) + "a dict's key", name)},
                          encode(item, depth + 1));
    }
    return object;
  }

  std::string_view key_;
};

py::object checked(PyObject* made) {
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(made);
}

}  // namespace

py::object plain_form(py::handle value) {
  // Asked of its class: an object that answers every name, such as a mock, says nothing by that.
  auto const type = py::type::handle_of(value);
  if (py::hasattr(type, "model_dump")) return value.attr("model_dump")(py::arg("mode") = "json");
  if (py::hasattr(type, "__dataclass_fields__"))
    return py::module_::import("dataclasses").attr("asdict")(value);
  return py::none();
}

Json to_json(std::string_view key, py::handle value) { return Encoder{key}.encode(value, 0); }

py::object to_python(Json const& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return py::bool_(value.get<bool>());
    case Json::value_t::number_integer:
      return checked(PyLong_FromLongLong(value.get<std::int64_t>()));
    case Json::value_t::number_unsigned:
      return checked(PyLong_FromUnsignedLongLong(value.get<std::uint64_t>()));
    case Json::value_t::number_float:
      return checked(PyFloat_FromDouble(value.get<double>()));
    case Json::value_t::string:
      return to_python(std::string_view{value.get_ref<std::string const&>()});
    case Json::value_t::array: {
      py::list list(value.size());
      std::size_t i = 0;
      for (auto const& item : value) list[i++] = to_python(item);
      return list;
    }
    case Json::value_t::object: {
      py::dict dict;
      for (auto const& [name, item] : value.get_ref<Json::object_t const&>())
        dict[to_python(std::string_view{name})] = to_python(item);
      return dict;
    }
    default:
      return py::none();
  }
}

std::string_view text_of(std::string_view what, py::handle value) {
  if (!PyUnicode_Check(value.ptr()))
    throw py::type_error(std::string{what} + ": expected str, got " + type_name(value));
  Py_ssize_t size = 0;
  auto const* text = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (text == nullptr) {
    PyErr_Clear();
    throw py::value_error(std::string{what} +
                          ": it holds a lone surrogate; expected text that is valid UTF-8");
  }
  return {text, static_cast<std::size_t>(size)};
}

py::str to_python(std::string_view text) {
  // What comes from the library is UTF-8; a picture of anything else beats an error.
  return py::reinterpret_steal<py::str>(
      checked(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"))
          .release());
}

std::string iso_8601(cloacina::Instant instant) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(instant);
  std::time_t const time = seconds.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  auto const end = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + end, text.size() - end, ".%06lld+00:00",
                static_cast<long long>((instant - seconds).count()));
  return text.data();
}

py::object iso_or_none(std::optional<cloacina::Instant> const& instant) {
  if (!instant) return py::none();
  return py::str(iso_8601(*instant));
}

std::string type_name(py::handle value) { return Py_TYPE(value.ptr())->tp_name; }

}  // namespace cloaca
