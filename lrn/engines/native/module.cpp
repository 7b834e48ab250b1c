// The Python face of the native engine: checks shapes, shares the work among threads, listens for Ctrl-C.
#define LRN_NAMESPACE lrn_module
#include "fleet.hpp"
#include "job.hpp"
#include "philox.hpp"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace nb = nanobind;
using namespace nb::literals;

#define LRN_DECLARE(space) namespace space { extern const lrn::Variant variant; }
#if defined(__x86_64__)
LRN_DECLARE(lrn_v4)
LRN_DECLARE(lrn_v3)
LRN_DECLARE(lrn_v2)
LRN_DECLARE(lrn_fused)
#elif defined(__aarch64__)
LRN_DECLARE(lrn_neon)
#endif
LRN_DECLARE(lrn_generic)

namespace {

// Best first, only what this processor can run.
std::vector<const lrn::Variant *> usable() {
  std::vector<const lrn::Variant *> found;
#if defined(__x86_64__)
  const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
    found.push_back(&lrn_v4::variant);
  if (fma) found.push_back(&lrn_v3::variant);
  if (__builtin_cpu_supports("sse4.2")) found.push_back(&lrn_v2::variant);
  if (fma) found.push_back(&lrn_fused::variant);
#elif defined(__aarch64__)
  found.push_back(&lrn_neon::variant);
#endif
  found.push_back(&lrn_generic::variant);
  return found;
}

const lrn::Variant &named(const std::string &name) {
  for (const lrn::Variant *v : usable())
    if (name == v->name) return *v;
  throw nb::value_error(("no native variant '" + name + "' on this processor").c_str());
}

using Progress = std::optional<std::function<void(long)>>;

// Runs `work` on several threads; every tenth of a second reports progress and lets Python handle signals.
void run_threads(int threads, const std::function<void()> &work, std::atomic<bool> &cancelled,
                 const std::function<void()> &report) {
  std::mutex mutex;
  std::condition_variable ended;
  int running = threads;
  std::vector<std::thread> pool;
  pool.reserve(threads);
  const auto run = [&] {
    work();
    std::lock_guard lock(mutex);
    --running;
    ended.notify_one();
  };
  for (int i = 0; i < threads; ++i) try {
      pool.emplace_back(run);
    } catch (const std::exception &) { // the machine gives no more threads: those that run do the work
      if (pool.empty()) throw;
      std::lock_guard lock(mutex);
      running -= threads - i;
      break;
    }
  bool failed = false;
  {
    nb::gil_scoped_release release;
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return running == 0; })) {
      lock.unlock();
      {
        nb::gil_scoped_acquire acquire;
        if (!failed && PyErr_CheckSignals() != 0) cancelled = failed = true;
        if (!failed) {
          try {
            report();
          } catch (nb::python_error &error) {
            error.restore();
            cancelled = failed = true;
          }
        }
      }
      lock.lock();
    }
  }
  for (auto &thread : pool) thread.join();
  if (failed) throw nb::python_error();
}

template <class R> using Array = nb::ndarray<R, nb::c_contig, nb::device::cpu>;
template <class R> R *data(std::optional<Array<R>> &array) { return array ? array->data() : nullptr; }

// ---- what the kernel takes for granted, checked: it writes and reads where these numbers say ------------------------

void check(bool holds, const std::string &sentence) {
  if (!holds) throw nb::value_error(sentence.c_str());
}

void check_number(const char *name, long value, long least, long most) {
  check(least <= value && value <= most, std::string(name) + " must be from " + std::to_string(least) + " to " +
                                             std::to_string(most) + "; got " + std::to_string(value));
}

void check_positive(const char *name, double value) {
  check(value > 0 && std::isfinite(value),
        std::string(name) + " must be positive and finite; got " + std::to_string(value));
}

std::string shown(const std::vector<long> &shape) {
  std::string text;
  for (long n : shape) text += (text.empty() ? "(" : ", ") + std::to_string(n);
  return text + ")";
}

template <class R> void check_shape(const char *name, const Array<R> &array, const std::vector<long> &wanted) {
  std::vector<long> shape;
  for (std::size_t i = 0; i < array.ndim(); ++i) shape.push_back(long(array.shape(i)));
  check(shape == wanted, std::string(name) + " must have shape " + shown(wanted) + "; got " + shown(shape));
}

template <class R>
void check_shape(const char *name, const std::optional<Array<R>> &array, const std::vector<long> &wanted) {
  if (array) check_shape(name, *array, wanted);
}

constexpr long largest_batch = 16, batch_bytes = 1 << 26; // vectors of networks that change places, and their memory
constexpr long largest_size = 65'536, largest_epochs = 10'000'000, largest_threads = 1024; // as Experiment and choose say

template <class R>
void train(const std::string &variant_name, int depth, int width, int epochs, int connection, int optimizer,
           int activation, int initial_weights, int norm, bool iterative, double lr, double target_scale, double threshold, Array<const R> x,
           Array<const R> t, Array<const std::uint64_t> seeds, std::optional<Array<const R>> initial, Array<R> rmse,
           Array<R> rmse_initial, Array<std::int32_t> converged_at, Array<std::uint8_t> dead, Array<R> prediction,
           std::optional<Array<R>> parameters, std::optional<Array<R>> trace, int threads, Progress progress) {
  const lrn::Variant &variant = named(variant_name);
  check_number("depth", depth, 1, largest_size), check_number("width", width, 1, largest_size);
  check_number("epochs", epochs, 1, largest_epochs), check_number("threads", threads, 1, largest_threads);
  check_number("connection", connection, 0, long(lrn::Connection::residual));
  check_number("optimizer", optimizer, 0, long(lrn::Optimizer::adamw));
  check_number("activation", activation, 0, long(lrn::Activation::elu));
  check_number("initial_weights", initial_weights, 0, long(lrn::Initial::he));
  check_number("norm", norm, 0, long(lrn::Norm::batch));
  check(!(norm && iterative), "norm must be 0 where training is iterative; got " + std::to_string(norm));
  check_positive("lr", lr), check_positive("target_scale", target_scale), check_positive("threshold", threshold);
  check(x.ndim() == 2 && t.ndim() == 2 && x.shape(0) == t.shape(0), "x (N, F) and t (N, O) must have as many rows");
  check_number("samples", long(x.shape(0)), 1, largest_size), check_number("features", long(x.shape(1)), 1, largest_size);
  check_number("outputs", long(t.shape(1)), 1, largest_size);
  check_number("samples times the widest of features, width and outputs",
               long(x.shape(0)) * std::max({long(x.shape(1)), long(width), long(t.shape(1))}), 1, INT_MAX);
  const long S = seeds.size();
  std::atomic<long> next{0}, done{0};
  std::atomic<bool> cancelled{false}, exhausted{false};
  lrn::Job<R> job{};
  job.features = x.shape(1), job.outputs = t.shape(1), job.samples = x.shape(0);
  job.depth = depth, job.width = width, job.epochs = epochs;
  job.connection = lrn::Connection(connection), job.optimizer = lrn::Optimizer(optimizer);
  job.activation = lrn::Activation(activation), job.initial_weights = lrn::Initial(initial_weights);
  job.norm = lrn::Norm(norm), job.iterative = iterative, job.vectors = 1;
  job.lr = lr, job.target_scale = target_scale, job.threshold = threshold;
  job.x = x.data(), job.t = t.data(), job.count = S, job.seeds = seeds.data();
  job.initial = initial ? initial->data() : nullptr;
  job.rmse = rmse.data(), job.rmse_initial = rmse_initial.data(), job.converged_at = converged_at.data();
  job.dead = dead.data(), job.prediction = prediction.data();
  job.parameters = data(parameters), job.trace = data(trace);
  job.next = &next, job.done = &done, job.cancelled = &cancelled;
  check_shape("seeds", seeds, {S}), check_shape("rmse", rmse, {S}), check_shape("rmse_initial", rmse_initial, {S});
  check_shape("converged_at", converged_at, {S}), check_shape("dead", dead, {S, depth, width});
  check_shape("prediction", prediction, {S, long(job.samples) * job.outputs});
  check_shape("trace", trace, {S, epochs});
  const long P = lrn_module::parameter_count(job);
  check_shape("initial", initial, {S, P}), check_shape("parameters", parameters, {S, P});
  if (S == 0) return;
  threads = int(std::min<long>(threads, S));
  if (lrn_module::can_settle(job) && variant.lanes > 1) {
    const long share = S / (long(threads) * variant.lanes), room = batch_bytes / (3 * P * variant.lanes * long(sizeof(R)));
    job.vectors = int(std::clamp(std::min(share, room), 1L, largest_batch));
  }

  auto work = [&] {
    try {
      if constexpr (std::is_same_v<R, float>) variant.work(job);
      else variant.work64(job);
    } catch (const std::bad_alloc &) {
      cancelled = exhausted = true;
    }
  };
  auto report = [&] {
    if (progress) (*progress)(done.load());
  };
  run_threads(threads, work, cancelled, report);
  if (exhausted) {
    PyErr_Format(PyExc_MemoryError, "training networks of %ld parameters takes more memory than there is", P);
    throw nb::python_error();
  }
}

// An array of another type, order or place is refused, not copied: what is written into a copy is lost.
template <class R> void define(nb::module_ &m, const char *name) {
  m.def(name, &train<R>, "variant"_a, nb::kw_only(), "depth"_a, "width"_a, "epochs"_a, "connection"_a, "optimizer"_a,
        "activation"_a, "initial_weights"_a, "norm"_a, "iterative"_a, "lr"_a, "target_scale"_a, "threshold"_a,
        "x"_a.noconvert(), "t"_a.noconvert(), "seeds"_a.noconvert(), "initial"_a.noconvert().none(),
        "rmse"_a.noconvert(), "rmse_initial"_a.noconvert(), "converged_at"_a.noconvert(), "dead"_a.noconvert(),
        "prediction"_a.noconvert(), "parameters"_a.noconvert().none(), "trace"_a.noconvert().none(), "threads"_a,
        "progress"_a.none());
}

} // namespace

NB_MODULE(_native, m) {
  m.def("variants", [] {
    nb::list rows;
    for (const lrn::Variant *v : usable()) rows.append(nb::make_tuple(v->name, v->lanes, v->fused));
    return rows;
  });
  m.attr("source_hash") = LRN_SOURCE_HASH;
  define<float>(m, "train_float32");
  define<double>(m, "train_float64");
}
