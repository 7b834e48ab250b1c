// A call's arguments by name, each checked where it is read: the kernel writes and reads where these numbers say, so a
// caller's mistake has to end here, as a sentence.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace lrn {

constexpr long largest_size = 65'536, largest_epochs = 10'000'000, largest_threads = 1024; // as Experiment and choose say

inline void check(bool holds, const std::string &sentence) {
  if (!holds) throw nb::value_error(sentence.c_str());
}

inline void check_number(const std::string &name, long value, long least, long most) {
  check(least <= value && value <= most, name + " must be from " + std::to_string(least) + " to " + std::to_string(most) +
                                             "; got " + std::to_string(value));
}

// As numpy calls it.
template <class R> const char *type_name() {
  using T = std::remove_const_t<R>;
  if (std::is_same_v<T, float>) return "float32";
  if (std::is_same_v<T, double>) return "float64";
  if (std::is_same_v<T, std::int32_t>) return "int32";
  return std::is_same_v<T, std::uint8_t> ? "uint8" : "uint64";
}

// One call per argument says its name, its type and its limits, so that nothing is listed twice.
class __attribute__((visibility("hidden"))) Arguments { // as what it holds of nanobind
public:
  explicit Arguments(nb::kwargs values) : values(std::move(values)) {}

  // Of any type that Python's value is; a number is not taken for another kind of number.
  template <class T> T get(const char *name, const char *kind) {
    T value{};
    if (!nb::try_cast(take(name), value)) refuse(name, kind);
    return value;
  }
  long number(const char *name, long least, long most) {
    const long value = get<long>(name, "a whole number");
    check_number(name, value, least, most);
    return value;
  }
  double real(const char *name) { return get<double>(name, "a number"); }
  double positive(const char *name) {
    const double value = real(name);
    check(value > 0 && std::isfinite(value), name + std::string(" must be positive and finite; got ") + std::to_string(value));
    return value;
  }

  // An array of another type, order or device is refused, not copied: the caller would never see results written to a copy.
  template <class R> nb::ndarray<R, nb::c_contig, nb::device::cpu> array(const char *name) {
    nb::ndarray<R, nb::c_contig, nb::device::cpu> array;
    if (!nb::try_cast(take(name), array, false)) refuse(name, std::string("a contiguous array of ") + type_name<R>());
    return array;
  }
  // A wrong shape would let the kernel write past an array.
  template <class R> R *array(const char *name, const std::vector<long> &expected) {
    const auto values_of = array<R>(name);
    std::vector<long> shape;
    for (std::size_t axis = 0; axis < values_of.ndim(); ++axis) shape.push_back(long(values_of.shape(axis)));
    check(shape == expected, name + std::string(" must have shape ") + shown(expected) + "; got " + shown(shape));
    return values_of.data();
  }
  // The same, or null where Python says None.
  template <class R> R *array_or_none(const char *name, const std::vector<long> &expected) {
    if (!take(name).is_none()) return array<R>(name, expected);
    return nullptr;
  }

  // After the last argument was read: there are no others.
  void end() const {
    for (const auto [name, value] : values)
      if (!read.contains(nb::cast<std::string>(name)))
        throw nb::type_error(("unexpected argument " + nb::cast<std::string>(name)).c_str());
  }

private:
  nb::handle take(const char *name) {
    if (!values.contains(name)) throw nb::type_error((std::string("missing argument ") + name).c_str());
    read.insert(name);
    return values[name];
  }
  [[noreturn]] static void refuse(const char *name, const std::string &kind) {
    throw nb::type_error((name + std::string(" must be ") + kind).c_str());
  }
  static std::string shown(const std::vector<long> &shape) {
    std::string text;
    for (long size : shape) text += (text.empty() ? "(" : ", ") + std::to_string(size);
    return text + ")";
  }

  nb::kwargs values;          // keeps the arrays alive
  std::set<std::string> read; // names
};

} // namespace lrn
