#include "context.hpp"

#include <utility>
#include <vector>

#include <cloacina/error.hpp>

#include "bindings.hpp"
#include "conversions.hpp"
#include "refusal.hpp"

namespace cloaca {
namespace {

using cloacina::Context;

std::string_view key_of(py::handle key) { return text_of("key", key); }

[[noreturn]] void raise_missing(std::string const& message) { throw py::key_error(message); }

void put(Context& context, py::handle key, py::handle value) {
  auto const name = key_of(key);
  context.put(name, to_json(name, value));
}

Context from_data(py::handle data) {
  Context context;
  if (py::isinstance<Context>(data)) return py::cast<Context const&>(data);
  if (!data.is_none()) put_all(context, data);
  return context;
}

py::object get(Context const& context, py::handle key, py::object otherwise) {
  auto const* const value = context.find(key_of(key));
  return value == nullptr ? std::move(otherwise) : to_python(*value);
}

py::object item(Context const& context, py::handle key) {
  auto const name = key_of(key);
  if (auto const* const value = context.find(name)) return to_python(*value);
  raise_missing("Key not found: '" + std::string{name} + "'");
}

void insert(Context& context, py::handle key, py::handle value) {
  auto const name = key_of(key);
  if (context.contains(name)) throw py::value_error("Key already exists: " + std::string{name});
  put(context, key, value);
}

void update(Context& context, py::handle key, py::handle value) {
  auto const name = key_of(key);
  if (!context.contains(name)) raise_missing("Key not found: " + std::string{name});
  put(context, key, value);
}

py::object remove(Context& context, py::handle key) {
  auto const name = key_of(key);
  auto const* const value = context.find(name);
  if (value == nullptr) return py::none();
  auto removed = to_python(*value);
  context.remove(name);
  return removed;
}

void remove_item(Context& context, py::handle key) {
  auto const name = key_of(key);
  if (!context.remove(name)) raise_missing("Key not found: '" + std::string{name} + "'");
}

py::list keys(Context const& context) {
  py::list list;
  for (auto const& [key, value] : context) list.append(to_python(std::string_view{key}));
  return list;
}

py::list values(Context const& context) {
  py::list list;
  for (auto const& [key, value] : context) list.append(to_python(value));
  return list;
}

py::list items(Context const& context) {
  py::list list;
  for (auto const& [key, value] : context)
    list.append(py::make_tuple(to_python(std::string_view{key}), to_python(value)));
  return list;
}

Context from_json(py::handle text) {
  auto const json = text_of("s", text);
  try {
    return Context::from_json(json);
  } catch (cloacina::Error const& error) {
    throw py::value_error(std::string{"Failed to deserialize from JSON: "} + error.what());
  }
}

py::object equal(Context const& context, py::handle other) {
  if (!py::isinstance<Context>(other)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
  return py::bool_(context == py::cast<Context const&>(other));
}

}  // namespace

py::dict to_dict(Context const& context) {
  py::dict dict;
  for (auto const& [key, value] : context)
    dict[to_python(std::string_view{key})] = to_python(value);
  return dict;
}

void put_all(Context& context, py::handle values) {
  if (!PyDict_Check(values.ptr())) {
    if (auto const plain = plain_form(values); PyDict_Check(plain.ptr()) != 0)
      return put_all(context, plain);
    throw py::type_error("data: expected dict, got " + type_name(values));
  }
  Context all = context;  // all of it or nothing
  for (auto const& entry : py::reinterpret_borrow<py::dict>(values)) {
    // Held: a value's own code may change the dict meanwhile.
    auto const key = py::reinterpret_borrow<py::object>(entry.first);
    auto const value = py::reinterpret_borrow<py::object>(entry.second);
    put(all, key, value);
  }
  context = std::move(all);
}

Context context_of(std::string_view what, py::handle value) {
  if (py::isinstance<Context>(value)) return py::cast<Context const&>(value);
  if (value.is_none() || PyDict_Check(value.ptr())) return from_data(value);
  if (auto const plain = plain_form(value); PyDict_Check(plain.ptr()) != 0) return from_data(plain);
  throw py::type_error(std::string{what} + ": expected Context, dict or None, got " +
                       type_name(value));
}

cloacina::detail::ContextDelta changes_in_place(Context const& given, Context const& now) {
  cloacina::detail::ContextDelta changes;
  if (given.shares_content_with(now)) return changes;
  for (auto const& [key, value] : now) {
    auto kept = now.find_shared(key);
    // One and the same value in memory was not written; an equal one was.
    if (!(given.find_shared(key) == kept)) changes.set.put_shared(key, std::move(kept));
  }
  for (auto const& [key, value] : given)
    if (!now.contains(key)) changes.removed.push_back(key);
  return changes;
}

cloacina::detail::ContextDelta changes_to(Context const& given, Context const& now) {
  auto changes = changes_in_place(given, now);
  std::vector<std::string> same;
  for (auto const& [key, value] : changes.set)
    if (auto const* const before = given.find(key);
        before != nullptr && before->type() == value.type() && *before == value)
      same.push_back(key);
  for (auto const& key : same) changes.set.remove(key);
  return changes;
}

void bind_context(py::module_& module) {
  py::class_<Context> bound(module, "Context",
                            R"(What a workflow carries from task to task: JSON values by name.

>>> context = Context({"order_id": 42})
>>> context["total"] = 105.0
>>> context.get("currency", "EUR"), context.to_dict()
('EUR', {'order_id': 42, 'total': 105.0})
)");
  bound.def(py::init(&from_data), py::arg("data") = py::none())
      .def("get", &get, py::arg("key"), py::arg("default") = py::none(),
           "The value, or `default` if there is no such key.")
      .def("set", &put, py::arg("key"), py::arg("value"), "Adds or replaces.")
      .def("insert", &insert, py::arg("key"), py::arg("value"),
           "Adds a key; ValueError if it exists.")
      .def("update", &update, py::arg("key"), py::arg("value"),
           "Replaces a value; KeyError if there is no such key.")
      .def("remove", &remove, py::arg("key"), "Takes a key away; its value, or None.")
      .def("to_dict", &to_dict, "A dict of its own.")
      .def("update_from_dict", &put_all, py::arg("d"), "Adds or replaces all keys of a dict.")
      .def("to_json", &Context::to_json, "One JSON object, without white space.")
      .def_static("from_json", &from_json, py::arg("s"),
                  "Reads a JSON object; ValueError for anything else.")
      .def("keys", &keys)
      .def("values", &values)
      .def("items", &items)
      .def("copy", [](Context const& context) { return context; })
      .def("__copy__", [](Context const& context) { return context; })
      .def("__deepcopy__", [](Context const& context, py::handle) { return context; })
      .def("__len__", &Context::size)
      .def("__contains__",
           [](Context const& context, py::handle key) {
             return PyUnicode_Check(key.ptr()) != 0 && context.contains(key_of(key));
           })
      .def("__iter__", [](Context const& context) { return py::iter(keys(context)); })
      .def("__getitem__", &item)
      .def("__setitem__", &put)
      .def("__delitem__", &remove_item)
      .def("__eq__", &equal)
      .def("__repr__", [](Context const& context) { return "Context(" + context.to_json() + ")"; })
      .def("__reduce__", [](Context const& context) {
        return py::make_tuple(py::type::of<Context>(), py::make_tuple(to_dict(context)));
      });
  refuse_other_arguments(bound, "Context",
                         {{"__init__", "(data=None)"},
                          {"get", "(key, default=None)"},
                          {"set", "(key, value)"},
                          {"insert", "(key, value)"},
                          {"update", "(key, value)"},
                          {"remove", "(key)"},
                          {"update_from_dict", "(d)"},
                          {"to_dict", "()"},
                          {"to_json", "()"}});
}

}  // namespace cloaca
